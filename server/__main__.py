"""Run the server: `python -m server`. What keeps it from starting is said in one line."""

from __future__ import annotations

import errno
import gc
import os
import signal
import socket
import sys
import tempfile

import uvicorn
from fastapi import FastAPI

from server import logs
from server.errors import ServerError
from server.handover import inherited_socket
from server.main import create_app
from server.queue import RunQueue
from server.settings import Settings, load_settings
from server.storage.artifact_files import ArtifactFiles
from server.storage.database import Database, migrate, schema_is_current

GRACE_SECONDS = 10
BACKLOG = 2048


class StartError(ServerError):
    """The server cannot start; the message says what to do."""


class Server(uvicorn.Server):
    """A uvicorn server that says where it listens, and ends event streams before it waits."""

    def __init__(self, config: uvicorn.Config, app: FastAPI) -> None:
        super().__init__(config)
        self._app = app

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say where."""
        await super().startup(sockets)
        for listening in sockets or []:
            host, port = listening.getsockname()[:2]
            shown = f"[{host}]" if ":" in host else host
            sys.stdout.write(f"realspike server listens on http://{shown}:{port}\n")
        sys.stdout.flush()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End every event stream, then let the other requests finish."""
        self._app.state.services.hub.close()
        await super().shutdown(sockets)


def main() -> int:
    """Serve until SIGTERM or SIGINT; 1 when the server cannot start."""
    try:
        settings = load_settings()
        logs.configure(settings, process="server")
        _check_home(settings)
        _check_stores(settings)
        listening = inherited_socket() or listen(settings.host, settings.port)
    except ServerError as error:
        line = "; ".join(part.strip() for part in str(error).splitlines())
        sys.stderr.write(f"realspike server: {line}\n")
        return 1
    app = create_app(settings)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    gc.freeze()  # what is imported stays: each collection would walk 150,000 objects for nothing
    with listening:
        server = Server(config, app)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, server.handle_exit)  # uvicorn raises them again at its end
        server.run([listening])
    return 0


def _check_home(settings: Settings) -> None:
    if settings.database_url and settings.broker_url and settings.artifacts_url:
        return  # nothing is stored in home
    home = settings.home.absolute()
    try:
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=home) as probe:
            probe.write(bytes(4096))
            probe.flush()
            os.fsync(probe.fileno())
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StartError(f"the disk of {home} is full; free some space") from error
        raise StartError(
            f"cannot write to {home} ({error.strerror}); "
            "let this process write there, or set REALSPIKE_HOME to another folder"
        ) from error


def _check_stores(settings: Settings) -> None:
    """Raise unless database and files can be used; SQLite is brought up to date on the way."""
    url = settings.resolved_database_url
    database = Database(url)
    try:
        if database.dialect == "sqlite":
            migrate(url)
        database.check()
        if not schema_is_current(database):
            raise StartError(
                "the database schema is not up to date; run python -m server.storage.migrations"
            )
    finally:
        database.close()
    ArtifactFiles(settings.resolved_artifacts_url).check()
    RunQueue(settings).close()


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there; raises StartError that says what is in the way."""
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        # Named TCP, or asyncio leaves Nagle's algorithm on: 40 ms for most answers.
        listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(address)
            listening.listen(BACKLOG)
        except OSError:
            listening.close()
            raise
    except OSError as error:
        reason = {
            errno.EADDRINUSE: "it is taken; stop the program that uses it or set REALSPIKE_PORT",
            errno.EACCES: "not permitted; set REALSPIKE_PORT to 1024 or above",
        }.get(error.errno or 0, f"{error.strerror}; check REALSPIKE_HOST and REALSPIKE_PORT")
        raise StartError(f"cannot listen on {host}:{port}: {reason}") from error
    return listening


if __name__ == "__main__":
    sys.exit(main())
