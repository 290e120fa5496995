"""Rows of the service's database, read by plain SQL over a connection of the auditor's own."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg.rows import dict_row

Row = dict[str, Any]

DOCUMENTS = frozenset({"spec", "data", "summary", "counts", "document"})
TIMES = frozenset({"created_at", "started_at", "finished_at"})
CONNECT_SECONDS = 2
BUSY_SECONDS = 30


class DatabaseAwayError(Exception):
    """The database did not answer the auditor."""


class Reader:
    """Reads a SQLite file or a Postgres, one statement a connection."""

    def __init__(self, url: str) -> None:
        self._url = url

    def rows(self, statement: str) -> list[Row]:
        """The rows of a SELECT by column name, documents parsed and times aware.

        Raises:
            DatabaseAwayError: it does not answer now.
        """
        try:
            with self._connection() as connection:
                found = connection.execute(statement).fetchall()
        except (psycopg.Error, sqlite3.Error) as error:
            raise DatabaseAwayError(str(error)) from error
        return [{name: _value(name, value) for name, value in dict(row).items()} for row in found]

    @contextmanager
    def _connection(self) -> Iterator[Any]:
        if self._url.startswith("sqlite"):
            path = urlsplit(self._url).path.removeprefix("/")
            with closing(sqlite3.connect(path, timeout=BUSY_SECONDS)) as connection:
                connection.row_factory = sqlite3.Row
                yield connection
            return
        with psycopg.connect(
            self._url, row_factory=dict_row, connect_timeout=CONNECT_SECONDS, autocommit=True
        ) as server:
            yield server


def _value(name: str, value: Any) -> Any:
    if name in DOCUMENTS and isinstance(value, str):
        return json.loads(value)
    if name in TIMES and value is not None:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        return moment.replace(tzinfo=moment.tzinfo or UTC)
    return value
