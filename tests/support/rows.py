"""What a database holds, row by row, to prove that something changed nothing."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, select

from server.storage.database import Database
from server.storage.models import Base

Rows = dict[str, list[tuple[Any, ...]]]


def all_rows(db: Database) -> Rows:
    """Every row of every table, in the order of the primary keys."""
    with db.read() as session:
        return {
            table.name: [
                tuple(row)
                for row in session.execute(select(table).order_by(*table.primary_key.columns))
            ]
            for table in Base.metadata.sorted_tables
        }


def clear(db: Database) -> None:
    """Forget every row; the schema stays."""
    with db.write() as session:
        for table in reversed(Base.metadata.sorted_tables):
            session.execute(delete(table))
