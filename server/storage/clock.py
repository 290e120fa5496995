"""The database's clock."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session


def now(session: Session) -> datetime:
    """UTC by the database, so that leases of several machines agree; SQLite has this machine's."""
    if session.get_bind().dialect.name == "postgresql":
        moment: datetime = session.scalars(select(func.clock_timestamp())).one()
        return moment.astimezone(UTC)
    return datetime.now(UTC)


def moment_of_statement(session: Session) -> datetime | ColumnElement[datetime]:
    """`now` as a value inside a statement, which then needs no question before it."""
    if session.get_bind().dialect.name == "postgresql":
        return func.clock_timestamp()
    return datetime.now(UTC)
