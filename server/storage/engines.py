"""Engines set up the same way for every process, and their errors said in plain words."""

from __future__ import annotations

import json
import sqlite3
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, OperationalError

from server.errors import (
    SettingsError,
    StorageError,
    StorageUnavailableError,
    UnstorableValueError,
)

BUSY_SECONDS = 30
"""How long a transaction waits for another one's lock."""

IDLE_SECONDS = 15
"""Postgres ends a transaction whose client does nothing for so long: a process that was stopped
in the midst of one must not keep its run locked for longer than its lease."""

WAL_BYTES = 1 << 26
"""SQLite's log grows while a long reader is there, such as a backup; later it shrinks to this."""

UNHEARD_SECONDS = 30
"""What was sent to Postgres and not acknowledged so long ends the connection: the network is cut.
Without it the system tries for a quarter of an hour, and whoever waits, waits with it."""

_POSTGRES_ARGUMENTS = {
    "connect_timeout": 10,
    "application_name": "realspike",
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": UNHEARD_SECONDS * 1000,
}

DRIVERS = ("sqlite", "sqlite+pysqlite", "postgresql", "postgresql+psycopg")

WRITES = "realspike_writes"
"""Execution option of connections whose transactions may write."""


def parse_url(text: str) -> URL:
    """A database URL that this service can use; raises StorageError that says which it can."""
    try:
        url = make_url(text)
    except ArgumentError as error:
        raise StorageError(f"REALSPIKE_DATABASE_URL {text!r} is not a database URL") from error
    if url.drivername not in DRIVERS:
        raise StorageError(
            f"REALSPIKE_DATABASE_URL names {url.drivername!r}; use sqlite:////folder/file.db or "
            "postgresql://user@host/name"
        )
    if url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:"):
        raise StorageError(
            "REALSPIKE_DATABASE_URL must name a file (sqlite:////folder/realspike.db): "
            "several processes share it"
        )
    return url


def require_database(text: str) -> None:
    """Raise SettingsError when the URL names a SQLite file that is not there to be opened."""
    url = parse_url(text)
    if url.get_backend_name() == "sqlite" and not Path(str(url.database)).is_file():
        raise SettingsError(
            f"there is no database {url.database}; say where the service stores everything with "
            "--home, REALSPIKE_HOME or REALSPIKE_DATABASE_URL"
        )


def make_engine(text: str) -> Engine:
    """An engine for SQLite (WAL, waits for locks, foreign keys on) or Postgres."""
    url = parse_url(text)
    dumps = partial(json.dumps, allow_nan=False)
    sqlite = url.get_backend_name() == "sqlite"
    engine = create_engine(
        url,
        json_serializer=dumps,
        pool_size=10,
        max_overflow=30,
        pool_pre_ping=not sqlite,
        connect_args={"timeout": BUSY_SECONDS} if sqlite else _POSTGRES_ARGUMENTS,
    )
    event.listen(engine, "connect", _set_up_sqlite if sqlite else _set_up_postgres)
    if sqlite:
        event.listen(engine, "do_connect", _make_folder)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _make_folder(_dialect: Any, _record: Any, arguments: list[Any], _named: Any) -> None:
    folder = Path(arguments[0]).absolute().parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageUnavailableError(
            f"cannot make the database's folder {folder} ({error.strerror}); "
            "set REALSPIKE_HOME or REALSPIKE_DATABASE_URL to a folder that can be written"
        ) from error


def _set_up_postgres(connection: psycopg.Connection, _record: Any) -> None:
    # A machine that vanishes inside a transaction must not keep its locks for ever.
    connection.execute(f"SET idle_in_transaction_session_timeout = '{IDLE_SECONDS}s'")
    connection.execute(f"SET lock_timeout = '{BUSY_SECONDS}s'")
    connection.commit()


def _set_up_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # the driver must not begin transactions by itself
    connection.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}").close()
    connection.execute("PRAGMA journal_mode = WAL").close()
    # A commit that somebody was told of is still there after a power cut; see docs/decisions.
    connection.execute("PRAGMA synchronous = FULL").close()
    connection.execute("PRAGMA fullfsync = ON").close()  # elsewhere than on macOS it is nothing
    connection.execute(f"PRAGMA journal_size_limit = {WAL_BYTES}").close()
    connection.execute("PRAGMA foreign_keys = ON").close()
    connection.create_function("lower", 1, _lower, deterministic=True)  # its own knows A to Z only


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _begin_sqlite(connection: Connection) -> None:
    # A deferred transaction that reads first and writes later fails at once when another
    # process wrote in between, whatever the time-out; an immediate one waits its turn.
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


_SAYINGS: tuple[tuple[tuple[str, ...], str], ...] = (
    (
        ("no such table", "UndefinedTable"),
        "has no tables yet; run python -m server.storage.migrations",
    ),
    (
        ("no such column", "has no column named", "UndefinedColumn"),
        "has an older schema; run python -m server.storage.migrations",
    ),
    (("database or disk is full", "DiskFull"), "has no disk space left; free some"),
    (
        ("readonly database", "unable to open", "disk I/O error", "ReadOnlySqlTransaction"),
        "cannot be written; check that this process may write its file and folder",
    ),
    (
        ("database is locked", "LockNotAvailable", "DeadlockDetected"),
        "is busy with other transactions; try again",
    ),
)


def explain(error: DBAPIError, url: URL) -> StorageError | None:
    """What a driver's error means for a person, or None when it is a fault of this program."""
    said = f"{type(error.orig).__name__}: {error.orig}".strip()
    if isinstance(error, DataError):
        return UnstorableValueError(f"the database cannot hold a value ({said})")
    subject = f"the database {url.render_as_string(hide_password=True)}"
    for signs, meaning in _SAYINGS:
        if any(sign in said for sign in signs):
            return StorageUnavailableError(f"{subject} {meaning} ({said})")
    if isinstance(error, OperationalError):
        return StorageUnavailableError(
            f"{subject} cannot be used; check that it runs and that REALSPIKE_DATABASE_URL "
            f"is right ({said})"
        )
    return None
