"""A real server on a real socket, and a client that talks to it."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
import uvicorn
from fastapi import FastAPI

from server.__main__ import Server, listen
from server.api.services import Services
from server.main import create_app
from server.settings import Settings
from tests.conftest import SettingsFactory
from tests.support.waiting import wait_until


@pytest.fixture(autouse=True, scope="session")
def _plain_logs() -> None:
    """Logs go where pytest shows them, without drawings of every local variable."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
    )


@dataclass
class LiveServer:
    app: FastAPI
    url: str
    client: httpx.Client
    stop: Callable[[], None]

    @property
    def services(self) -> Services:
        services: Services = self.app.state.services
        return services


@contextmanager
def serving(settings: Settings, **options: Any) -> Iterator[LiveServer]:
    app = create_app(settings, **options)
    listening = listen("127.0.0.1", 0)
    config = uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=5)
    server = Server(config, app)
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)

    def stop() -> None:
        server.should_exit = True
        thread.join(10)

    with listening:
        thread.start()
        wait_until(lambda: server.started or not thread.is_alive(), "the server started")
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        with httpx.Client(base_url=f"{url}/api/v1", timeout=20) as client:
            try:
                yield LiveServer(app, url, client, stop)
            finally:
                stop()


@pytest.fixture
def live(settings: SettingsFactory, tmp_path: Path) -> Iterator[LiveServer]:
    """The embedded server with nothing in it."""
    with serving(settings("embedded"), web_folder=tmp_path / "no-web") as server:
        yield server


@pytest.fixture(scope="module")
def shared(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """One embedded server for all tests of a module that do not count what is there."""
    home = tmp_path_factory.mktemp("shared")
    shutil.copyfile(migrated_sqlite, home / "realspike.db")
    with serving(Settings(home=home), web_folder=home / "no-web") as server:
        yield server


@pytest.fixture
def client(live: LiveServer) -> httpx.Client:
    """A client of the embedded server's API."""
    return live.client


@pytest.fixture
def services(live: LiveServer) -> Services:
    """The stores behind the embedded server."""
    return live.services
