"""Events: what changed, in an order in which a reader can follow without a gap.

A reader asks for the events after the last id it saw. That misses nothing only when ids become
visible in rising order, so the ids of one transaction are drawn at its very end, and on Postgres
under a lock that the commit lets go.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, Table, delete, func, insert, select, text
from sqlalchemy.orm import Session

from server.storage.clock import moment_of_statement, now
from server.storage.models import Event

COMMIT_LOCK = 0x7265616C_0002
"""Postgres advisory lock that puts commits with events in one order."""

_COLLECTED = "realspike_events"

_TABLE = cast(Table, Event.__table__)  # as a table: the mapper's bulk insert costs twice the time


def emit(
    session: Session,
    kind: str,
    *,
    run_id: str | None = None,
    study_id: str | None = None,
    data: dict[str, Any],
) -> None:
    """Note an event; it is stored when the session commits, and only then."""
    collected: list[dict[str, Any]] = session.info.setdefault(_COLLECTED, [])
    collected.append({"kind": kind, "run_id": run_id, "study_id": study_id, "data": data})


def insert_collected(session: Session) -> None:
    """Store the noted events: the last thing a transaction does before it commits."""
    collected: list[dict[str, Any]] = session.info.pop(_COLLECTED, [])
    if not collected:
        return
    session.flush()
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": COMMIT_LOCK})
    session.execute(insert(_TABLE).values(created_at=moment_of_statement(session)), collected)


def forget_collected(session: Session) -> None:
    """Drop the noted events of a transaction that was rolled back."""
    session.info.pop(_COLLECTED, None)


def after(
    session: Session,
    last_id: int,
    *,
    run_id: str | None = None,
    study_id: str | None = None,
    limit: int = 500,
) -> list[Event]:
    """Events with a higher id than `last_id`, oldest first, of one run or study or of all."""
    query = select(Event).where(Event.id > last_id).order_by(Event.id).limit(limit)
    if run_id is not None:
        query = query.where(Event.run_id == run_id)
    if study_id is not None:
        query = query.where(Event.study_id == study_id)
    return list(session.scalars(query))


def newest_id(session: Session) -> int:
    """Id of the newest event, or 0."""
    return session.scalar(select(func.max(Event.id))) or 0


def prune(session: Session, older_than: timedelta) -> int:
    """Forget events older than that; returns how many."""
    result = session.execute(delete(Event).where(Event.created_at < now(session) - older_than))
    return result.rowcount if isinstance(result, CursorResult) else 0
