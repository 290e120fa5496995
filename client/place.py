"""The place of a service: a home that is ours alone, and a free address to listen on."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

LOCK = "service.lock"
URL = "service.url"


class ServiceError(Exception):
    """The service cannot run here; the message is one line that says what to do."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where the server listens."""

    host: str
    port: int

    @property
    def url(self) -> str:
        """Where a client on this machine finds the server."""
        return url_of(self.host, self.port)


def url_of(host: str, port: int | str) -> str:
    """Where a client on this machine finds what listens there."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)  # noqa: S104
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def free_address(host: str, port: int) -> Address:
    """The address with a port that nobody listens on; port 0 finds one."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            return Address(host, probe.getsockname()[1])
    except socket.gaierror as error:
        raise ServiceError(
            f"cannot listen on host {host!r} ({error.strerror}); use --host 127.0.0.1"
        ) from error
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise ServiceError(
                f"port {port} on {host} is taken; stop what listens there, or choose another "
                "with --port or REALSPIKE_PORT (0 finds a free one)"
            ) from error
        if error.errno in (errno.EACCES, errno.EPERM):
            raise ServiceError(
                f"may not listen on port {port} of {host}; choose one above 1023 with --port or "
                "REALSPIKE_PORT"
            ) from error
        raise ServiceError(
            f"cannot listen on {host}:{port} ({error.strerror}); choose another --host or --port"
        ) from error


def home_problem(home: Path, error: OSError) -> ServiceError:
    """What a failed write to the home means for a person."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return ServiceError(
            f"the disk of {home} is full; free some space, or choose another --home"
        )
    return ServiceError(
        f"cannot write to {home} ({error.strerror}); choose another folder with --home or "
        "REALSPIKE_HOME"
    )


def url_at(home: Path) -> str | None:
    """Where the service that runs on a home listens, or None when none runs on it."""
    try:
        with (home / LOCK).open(encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return (home / URL).read_text(encoding="utf-8") if (home / URL).is_file() else None
    except OSError:
        pass
    return None


@contextmanager
def locked_home(home: Path) -> Iterator[Path]:
    """The home, made and checked, and ours alone while the block lasts."""
    try:
        (home / "logs").mkdir(parents=True, exist_ok=True)
        probe = home / "logs" / f".write-test-{os.getpid()}"
        probe.write_bytes(b"\0" * 4096)
        probe.unlink()
        lock = (home / LOCK).open("a+", encoding="utf-8")
    except OSError as error:
        raise home_problem(home, error) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            owner = lock.read().strip() or "unknown"
            raise ServiceError(
                f"a service already runs on {home} (process {owner}); use that one, stop it, or "
                "choose another folder with --home"
            ) from error
        except OSError as error:
            raise home_problem(home, error) from error
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield home
