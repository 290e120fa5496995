"""Logs: lines for a person, from the attempts of a run."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from server.storage.clock import now
from server.storage.events import emit
from server.storage.models import LogLine, Run
from server.storage.texts import clean_text
from server.storage.transitions import lock_owned


def append(session: Session, run_id: str, attempt: int, lines: Sequence[str]) -> None:
    """Add lines of the attempt that owns the run."""
    run = lock_owned(session, run_id, attempt)
    if lines:
        note(session, run, lines)


def note(session: Session, run: Run, lines: Sequence[str]) -> None:
    """Add lines about the newest attempt of a locked run, whoever says them."""
    moment = now(session)
    texts = [clean_text(line) for line in lines]
    rows = [
        {"run_id": run.id, "attempt": run.attempt, "recorded_at": moment, "text": line}
        for line in texts
    ]
    session.execute(insert(LogLine), rows)
    emit(session, "log", run_id=run.id, study_id=run.study_id, data={"lines": texts})


def tail(session: Session, run_id: str, *, limit: int = 200, after_id: int = 0) -> list[LogLine]:
    """The newest lines, oldest first; with `after_id`, the next lines after that one."""
    query = select(LogLine).where(LogLine.run_id == run_id).limit(limit)
    if after_id:
        following = query.where(LogLine.id > after_id).order_by(LogLine.id)
        return list(session.scalars(following))
    newest = session.scalars(query.order_by(LogLine.id.desc())).all()
    return list(reversed(newest))
