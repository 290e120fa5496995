"""A socket that stays open while servers come and go: nobody is refused in between."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from server.errors import ServerError
from server.handover import inherited_socket
from server.settings import Settings
from tests.conftest import SettingsFactory
from tests.support.environment import environment_of

STARTER = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
os.execv(sys.executable, [sys.executable, "-W", "error", "-m", "server"])
"""


@pytest.fixture
def held() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as held:
        yield held


def start(settings: Settings, descriptor: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", STARTER, str(descriptor)],
        env=environment_of(settings),
        pass_fds=[descriptor],
        stdout=subprocess.DEVNULL,
    )


def test_a_request_between_two_servers_is_answered_by_the_second(
    settings: SettingsFactory, held: socket.socket
) -> None:
    url = f"http://127.0.0.1:{held.getsockname()[1]}"
    ready = f"{url}/api/v1/ready"
    given = settings("embedded")
    servers = [start(given, held.fileno())]
    try:
        assert httpx.get(ready, timeout=60, trust_env=False).is_success
        servers[0].send_signal(signal.SIGTERM)
        assert servers[0].wait(30) == 0
        with ThreadPoolExecutor(1) as pool:
            between = pool.submit(httpx.get, ready, timeout=60, trust_env=False)
            servers.append(start(given, held.fileno()))
            assert between.result().is_success
    finally:
        for server in servers:
            server.kill()
            server.wait()


def test_a_socket_that_does_not_listen_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as deaf:
        hand_over(monkeypatch, os.dup(deaf.fileno()))
        with pytest.raises(ServerError, match="does not listen"):
            inherited_socket()


def test_more_sockets_than_one_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    hand_over(monkeypatch, 3, count="2")
    with pytest.raises(ServerError, match="takes one socket"):
        inherited_socket()


def test_sockets_of_another_process_are_not_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LISTEN_FDS", "1")
    for other in ("1", "", str(os.getpid() + 1)):
        monkeypatch.setenv("LISTEN_PID", other)
        assert inherited_socket() is None


def test_a_descriptor_that_is_no_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    hand_over(monkeypatch, 10**6)
    with pytest.raises(ServerError, match="not a socket"):
        inherited_socket()


def hand_over(monkeypatch: pytest.MonkeyPatch, descriptor: int, *, count: str = "1") -> None:
    """As if whoever started this process had left it such a descriptor."""
    monkeypatch.setenv("LISTEN_PID", str(os.getpid()))
    monkeypatch.setenv("LISTEN_FDS", count)
    monkeypatch.setattr("server.handover.FIRST_DESCRIPTOR", descriptor)
