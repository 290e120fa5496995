"""A real Postgres and a real Redis for tests: found where they run, or started privately.

`REALSPIKE_TEST_POSTGRES_URL` and `REALSPIKE_TEST_REDIS_URL` name servers to use; without them the
usual local ports are tried. With `REALSPIKE_TEST_PRIVATE_SERVICES=1`, or where none answers, a
private server is started in a temporary folder and stopped at the end.
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import redis
from psycopg import sql
from sqlalchemy import URL, make_url

from server.storage.models import Base
from tests.support.waiting import wait_until

POSTGRES = "postgresql://postgres@127.0.0.1:5432/postgres"
REDIS = "redis://127.0.0.1:6379/0"
POSTGRES_PROGRAMS = Path("/usr/lib/postgresql")
"""Where Debian puts the server's programs, one folder a version."""


class ServiceMissingError(Exception):
    """Neither a running server nor the programs to start one were found."""


def private_services() -> bool:
    """True when the environment asks for private servers."""
    return os.environ.get("REALSPIKE_TEST_PRIVATE_SERVICES", "") not in ("", "0")


def shown(url: URL) -> str:
    """The URL as text, password included."""
    return url.render_as_string(hide_password=False)


@contextmanager
def postgres_server() -> Iterator[URL]:
    """URL of a Postgres on which databases can be made."""
    named = os.environ.get("REALSPIKE_TEST_POSTGRES_URL", "")
    if named or (not private_services() and _postgres_answers(make_url(POSTGRES))):
        yield make_url(named or POSTGRES)
        return
    with private_postgres() as server:
        yield server.url


@contextmanager
def redis_server() -> Iterator[str]:
    """URL of a Redis."""
    named = os.environ.get("REALSPIKE_TEST_REDIS_URL", "")
    if named or (not private_services() and _redis_answers(REDIS)):
        yield named or REDIS
        return
    with private_redis() as server:
        yield server.url


@contextmanager
def fresh_database(server: URL, *, durable: bool = False) -> Iterator[URL]:
    """A new database with a random name, dropped at the end; a durable one survives a crash."""
    name = f"realspike_test_{secrets.token_hex(6)}"
    with _admin(server) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        if not durable:  # waiting for the disk is most of a test's time
            quick = sql.SQL("ALTER DATABASE {} SET synchronous_commit = off")
            connection.execute(quick.format(sql.Identifier(name)))
    try:
        yield server.set(database=name)
    finally:
        with _admin(server) as connection:
            dropped = sql.SQL("DROP DATABASE {} WITH (FORCE)")
            connection.execute(dropped.format(sql.Identifier(name)))


def empty_database(url: URL) -> None:
    """Disconnect everybody else from a database and delete every row; its schema stays."""
    others = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    tables = [sql.Identifier(table.name) for table in reversed(Base.metadata.sorted_tables)]
    with _admin(url) as connection:
        connection.execute(others)
        connection.execute(sql.SQL("; ").join(sql.SQL("DELETE FROM {}").format(t) for t in tables))


def forget_keys(url: str, prefix: str) -> None:
    """Delete every Redis key below a prefix."""
    with redis.Redis.from_url(url) as client:
        for key in client.scan_iter(match=f"{prefix}*", count=1000):
            client.delete(key)


@contextmanager
def _admin(server: URL) -> Iterator[psycopg.Connection]:
    with psycopg.connect(shown(server), autocommit=True, connect_timeout=5) as connection:
        yield connection


def _postgres_answers(server: URL) -> bool:
    try:
        with _admin(server):
            return True
    except psycopg.OperationalError:
        return False


def _redis_answers(url: str) -> bool:
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=2) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


class PrivatePostgres:
    """A Postgres of one's own in a folder, that can be stopped and started again.

    It answers on a Unix socket in the folder, which needs no free port.
    """

    def __init__(self, folder: Path) -> None:
        self.url = make_url(f"postgresql://postgres@/postgres?host={folder}")
        self._folder = folder
        self._data = str(folder / "data")
        self._control = _program("pg_ctl")
        # Postgres refuses to run as root.
        self._as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        self._started = False
        if self._as_user:
            _give_to_postgres(folder)
        made = [_program("initdb"), "-D", self._data, "-U", "postgres", "-A", "trust", "--no-sync"]
        _run([*self._as_user, *made], folder)

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = f"-k {self._folder} -h '' -F"
        self._tell("-l", str(self._folder / "log"), "-w", "-o", options, "start")
        self._started = True

    def stop(self) -> None:
        """End it at once, as a crash would: it recovers from its log at the next start."""
        if self._started:
            self._tell("-m", "immediate", "-w", "stop")
            self._started = False

    def _tell(self, *words: str) -> None:
        _run([*self._as_user, self._control, "-D", self._data, *words], self._folder)


@contextmanager
def private_postgres() -> Iterator[PrivatePostgres]:
    """A started Postgres in a temporary folder, stopped at the end."""
    with tempfile.TemporaryDirectory(prefix="realspike-pg-") as name:
        server = PrivatePostgres(Path(name))
        server.start()
        try:
            yield server
        finally:
            server.stop()


def _program(name: str) -> str:
    # The distribution's own folders first: on some systems a wrapper of this name is on PATH.
    places = sorted(POSTGRES_PROGRAMS.glob(f"*/bin/{name}"), reverse=True)
    found = str(places[0]) if places else shutil.which(name)
    if found is None:
        raise ServiceMissingError(
            f"these tests need Postgres: none answers at {POSTGRES} and {name} is not installed. "
            "Install it (Debian: apt-get install postgresql; macOS: brew install postgresql), or "
            "set REALSPIKE_TEST_POSTGRES_URL to a server on which databases may be made."
        )
    return found


def _give_to_postgres(folder: Path) -> None:
    try:
        shutil.chown(folder, "postgres")
    except LookupError as error:
        raise ServiceMissingError(
            "Postgres does not run as root and there is no user postgres to run it as: "
            "run the tests as another user, or set REALSPIKE_TEST_POSTGRES_URL."
        ) from error


def _run(command: list[str], folder: Path) -> None:
    # Into a file, since a started server would keep a pipe open.
    if shutil.which(command[0]) is None:
        raise ServiceMissingError(f"{command[0]} is needed to start Postgres and is not installed.")
    with tempfile.TemporaryFile() as output:
        done = subprocess.run(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False
        )
        if done.returncode:
            output.seek(0)
            said = output.read().decode(errors="replace")
            raise ServiceMissingError(f"{' '.join(command)} failed:\n{said}")


class PrivateRedis:
    """A Redis of one's own that keeps nothing on disk, and can be killed and started again."""

    def __init__(self, folder: Path) -> None:
        program = shutil.which("redis-server")
        if program is None:
            raise ServiceMissingError(
                f"these tests need Redis: none answers at {REDIS} and redis-server is not "
                "installed. Install it (Debian: apt-get install redis-server; macOS: brew install "
                "redis), or set REALSPIKE_TEST_REDIS_URL to a server."
            )
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        place = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(folder)]
        self._command = [program, *place, "--save", ""]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, empty, and wait until it answers."""
        self._process = subprocess.Popen(
            self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        wait_until(lambda: _redis_answers(self.url), "redis-server answers")

    def stop(self) -> None:
        """Kill it; everything in it is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@contextmanager
def private_redis() -> Iterator[PrivateRedis]:
    """A started Redis, killed at the end."""
    with tempfile.TemporaryDirectory(prefix="realspike-redis-") as name:
        server = PrivateRedis(Path(name))
        server.start()
        try:
            yield server
        finally:
            server.stop()


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
