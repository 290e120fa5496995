"""Fixtures of every room: databases on both backends, Redis, settings."""

from __future__ import annotations

import logging
import os
import secrets
import shutil
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
import structlog
from sqlalchemy import URL

from server import logs
from server.settings import Settings
from server.storage.database import Database, migrate
from tests.support.services import (
    ServiceMissingError,
    empty_database,
    forget_keys,
    fresh_database,
    postgres_server,
    redis_server,
    shown,
)

BACKENDS = ["sqlite", "postgresql"]
_FIXTURES = {"sqlite": "sqlite_url", "postgresql": "postgres_url"}

SettingsFactory = Callable[..., Settings]


def pytest_configure() -> None:
    """Whoever starts pytest in the background lets it ignore Ctrl-C; its processes must not."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings of the person who runs the tests stay out of them."""
    for name in list(os.environ):
        if name.startswith("REALSPIKE_") and not name.startswith("REALSPIKE_TEST_"):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _own_logs(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A process's `main`, called in a test, sets up logs for that test alone."""
    for place in (sys, threading):
        monkeypatch.setattr(place, "excepthook", place.excepthook)
    root = logging.getLogger()
    level, config = root.level, structlog.get_config()
    yield
    ours = [each for each in root.handlers if isinstance(each, logs.Handler)]
    if ours:
        for handler in ours:
            root.removeHandler(handler)
        root.setLevel(level)
        logging.captureWarnings(False)
        structlog.configure(**config)


@pytest.fixture(scope="session")
def postgres() -> Iterator[URL]:
    """A real Postgres server."""
    try:
        with postgres_server() as url:
            yield url
    except ServiceMissingError as error:
        pytest.exit(str(error), returncode=1)  # once, not for each test


@pytest.fixture(scope="session")
def redis_server_url() -> Iterator[str]:
    """A real Redis server, shared: give your keys a prefix of their own."""
    try:
        with redis_server() as url:
            yield url
    except ServiceMissingError as error:
        pytest.exit(str(error), returncode=1)  # once, not for each test


@pytest.fixture(scope="session")
def migrated_postgres(postgres: URL) -> Iterator[URL]:
    """A migrated Postgres database that the tests take turns in."""
    with fresh_database(postgres) as url:
        migrate(shown(url))
        yield url


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("migrated") / "realspike.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_url(migrated_sqlite: Path, tmp_path: Path) -> str:
    """A migrated SQLite database of this test's own."""
    path = tmp_path / "realspike.db"
    shutil.copyfile(migrated_sqlite, path)
    return f"sqlite:///{path}"


@pytest.fixture
def postgres_url(migrated_postgres: URL) -> str:
    """A migrated Postgres database without rows; tests that change a schema make their own."""
    empty_database(migrated_postgres)
    return shown(migrated_postgres)


@pytest.fixture(params=BACKENDS)
def database_url(request: pytest.FixtureRequest) -> str:
    """A migrated database without rows, on each backend in turn."""
    return str(request.getfixturevalue(f"{_FIXTURES[request.param]}"))


@pytest.fixture(params=BACKENDS)
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without any table, on each backend in turn."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    with fresh_database(request.getfixturevalue("postgres")) as url:
        yield shown(url)


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    """A migrated database, on each backend in turn."""
    database = Database(database_url)
    yield database
    database.close()


@pytest.fixture
def queue_prefix() -> str:
    """A queue's name that no other test has."""
    return f"realspike-test-{secrets.token_hex(6)}"


@pytest.fixture
def redis_url(redis_server_url: str, queue_prefix: str) -> Iterator[str]:
    """A Redis; keys below `queue_prefix` are deleted at the end."""
    yield redis_server_url
    forget_keys(redis_server_url, queue_prefix)


@pytest.fixture
def settings(request: pytest.FixtureRequest, tmp_path: Path, queue_prefix: str) -> SettingsFactory:
    """Makes settings: `settings("embedded", port=0)` or `settings("team")`, on migrated stores."""

    def make(mode: Literal["embedded", "team"] = "embedded", **changes: Any) -> Settings:
        given: dict[str, Any] = {"home": tmp_path / "home", "queue_prefix": queue_prefix}
        if mode == "embedded":
            given["database_url"] = request.getfixturevalue("sqlite_url")
        else:
            given["database_url"] = request.getfixturevalue("postgres_url")
            given["broker_url"] = request.getfixturevalue("redis_url")
        return Settings(**{**given, **changes})

    return make
