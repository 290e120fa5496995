"""A server process that can be killed, stopped and started again at the same address."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from server.settings import Settings
from tests.support.environment import environment_of
from tests.support.waiting import wait_until


class ServerProcess:
    """`python -m server` on a port of its own."""

    def __init__(self, settings: Settings) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.settings = settings.model_copy(update={"port": port})
        self.url = f"http://127.0.0.1:{port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and return at once."""
        self._process = subprocess.Popen(
            [sys.executable, "-W", "error", "-m", "server"],
            env=environment_of(self.settings),
            stdout=subprocess.DEVNULL,
        )

    def wait_ready(self) -> None:
        """Return when it answers."""
        wait_until(self._answers, f"a server answers at {self.url}", seconds=60)

    def kill(self) -> None:
        """End it without a word."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Ask it to end, and return when it has."""
        self._end(signal.SIGTERM)

    def _end(self, number: int) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(30)
            self._process = None

    def _answers(self) -> bool:
        if self._process is None or self._process.poll() is not None:
            raise AssertionError("the server process ended while it started")
        try:
            return httpx.get(f"{self.url}/api/v1/ready", trust_env=False).is_success
        except httpx.TransportError:
            return False


@contextmanager
def server_process(settings: Settings) -> Iterator[ServerProcess]:
    """A server that runs and is gone at the end."""
    server = ServerProcess(settings)
    server.start()
    try:
        server.wait_ready()
        yield server
    finally:
        server.kill()
