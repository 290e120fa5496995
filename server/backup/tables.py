"""Tables as lines of JSON: read from any schema that is there, so also from an old one.

The first line names the columns; each further line is a row. Times are ISO text in UTC, and JSON
columns are their own text, so that what comes back is what was there, on either backend.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any, BinaryIO

from sqlalchemy import (
    JSON,
    Connection,
    DateTime,
    Inspector,
    Integer,
    MetaData,
    Table,
    Text,
    cast,
    event,
    func,
    insert,
    select,
    text,
)
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.types import TypeDecorator

from server.backup.errors import BackupError, DamagedBackupError
from server.storage.models import UtcDateTime

BATCH = 1000
_COUNTERS = {
    "sqlite": "SELECT seq FROM sqlite_sequence WHERE name = 'event'",
    "postgresql": "SELECT pg_sequence_last_value(pg_get_serial_sequence('event', 'id')::regclass)",
}
REVISIONS = "alembic_version"


class JsonText(TypeDecorator[str]):
    """A JSON column of Postgres as the text in it; SQLite has nothing else."""

    impl = Text
    cache_ok = True

    def column_expression(self, column: ColumnElement[str]) -> ColumnElement[str]:
        """From the database."""
        return cast(column, Text)

    def bind_expression(self, bindparam: ColumnElement[str]) -> ColumnElement[Any]:
        """To the database."""
        return cast(bindparam, JSON)


def reflect(connection: Connection) -> list[Table]:
    """The tables that are there; what others refer to comes first."""
    metadata = MetaData()

    def portable(_inspector: Inspector, _table: Table, column: dict[str, Any]) -> None:
        if isinstance(column["type"], DateTime):
            column["type"] = UtcDateTime()
        elif isinstance(column["type"], JSON):
            column["type"] = JsonText() if connection.dialect.name == "postgresql" else Text()

    event.listen(metadata, "column_reflect", portable)
    metadata.reflect(connection)
    return [table for table in metadata.sorted_tables if table.name != REVISIONS]


def dump(connection: Connection, table: Table, sink: BinaryIO) -> int:
    """Write every row in the order of the primary key, a few at a time; returns how many."""
    _write(sink, [column.name for column in table.columns])
    query = select(table).order_by(*table.primary_key.columns)
    count = 0
    for row in connection.execute(query, execution_options={"yield_per": BATCH}):
        _write(sink, [_plain(value) for value in row])
        count += 1
    return count


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _write(sink: BinaryIO, values: list[Any]) -> None:
    line = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
    sink.write(line.encode() + b"\n")


def rows_of(lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    """The rows of a dumped table by column name, as plain JSON."""
    names: list[str] | None = None
    for line in lines:
        try:
            values = json.loads(line)
        except ValueError as error:
            raise DamagedBackupError(f"a row is not JSON: {error}") from error
        if names is None:
            names = values
        else:
            yield dict(zip(names, values, strict=True))


def load(connection: Connection, table: Table, lines: Iterable[bytes]) -> int:
    """Insert the rows of a dumped table; returns how many.

    Raises:
        BackupError: this database cannot hold a row that the other one had.
    """
    convert = _converters(table)
    rows = ({name: convert[name](value) for name, value in row.items()} for row in rows_of(lines))
    count = 0
    while batch := list(islice(rows, BATCH)):
        try:
            connection.execute(insert(table), batch)
        except (DataError, IntegrityError) as error:
            raise BackupError(
                f"this database cannot hold one of the rows {count + 1} to {count + len(batch)} "
                f"of table {table.name}: {error.orig}"
            ) from error
        count += len(batch)
    return count


def _converters(table: Table) -> dict[str, Callable[[Any], Any]]:
    return {
        column.name: _moment if isinstance(column.type, UtcDateTime) else _same
        for column in table.columns
    }


def _moment(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value)


def _same(value: Any) -> Any:
    return value


def highest_event_id(connection: Connection) -> int:
    """The last id that an event got, also when it was pruned since; 0 before the first."""
    counted = connection.scalar(text(_COUNTERS[connection.dialect.name]))
    return max(counted or 0, connection.scalar(text("SELECT max(id) FROM event")) or 0)


def set_highest_event_id(connection: Connection, number: int) -> None:
    """Let the next event get a higher id than this one."""
    if connection.dialect.name == "postgresql":
        connection.execute(_setval("event", "id", number))
        return
    connection.execute(text("DELETE FROM sqlite_sequence WHERE name = 'event'"))
    connection.execute(
        text("INSERT INTO sqlite_sequence (name, seq) VALUES ('event', :number)"),
        {"number": number},
    )


def set_sequences(connection: Connection) -> None:
    """Let Postgres go on after the highest number of each numbered table; SQLite does so alone."""
    if connection.dialect.name != "postgresql":
        return
    for table in reflect(connection):
        for column in table.primary_key.columns:
            if isinstance(column.type, Integer) and column.autoincrement is True:
                highest = connection.scalar(select(func.max(column)))
                if highest:
                    connection.execute(_setval(table.name, column.name, highest))


def _setval(table: str, column: str, number: int) -> Any:
    return select(func.setval(func.pg_get_serial_sequence(table, column), number))
