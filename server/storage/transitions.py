"""The one place where a run's status changes: checked against the table, told as an event."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.errors import ConflictError, NotFoundError, StaleAttemptError
from server.storage.clock import now
from server.storage.events import emit
from server.storage.models import Attempt, Run
from server.storage.states import (
    SCRIPT_TRANSITIONS,
    TERMINAL,
    TRANSITIONS,
    AttemptOutcome,
    RunSource,
    RunStatus,
)
from server.storage.texts import clean_text

LONGEST_DETAIL = 20_000


def lock_run(session: Session, run_id: str) -> Run:
    """The run, its row locked until the transaction ends; raises NotFoundError."""
    query = select(Run).where(Run.id == run_id, Run.deleted_at.is_(None)).with_for_update()
    run = session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if run is None:
        raise NotFoundError("run", run_id)
    return run


def lock_owned(session: Session, run_id: str, attempt: int) -> Run:
    """The locked run, for its current attempt alone; raises StaleAttemptError for any other."""
    try:
        run = lock_run(session, run_id)
    except NotFoundError as error:
        raise StaleAttemptError(run_id, attempt) from error
    if run.attempt != attempt or run.status != RunStatus.RUNNING:
        raise StaleAttemptError(run_id, attempt)
    return run


def tell(session: Session, run: Run, *, was: RunStatus | None = None) -> None:
    """Emit how the run stands now, and how it stood where that is what changed."""
    data: dict[str, Any] = {
        "status": str(run.status),
        "reason": run.reason,
        "attempt": run.attempt,
        "name": run.name,
    }
    if was is not None:
        data["was"] = str(was)
    emit(session, "run", run_id=run.id, study_id=run.study_id, data=data)


def move(
    session: Session,
    run: Run,
    to: RunStatus,
    *,
    reason: str | None = None,
    detail: str | None = None,
    not_before: datetime | None = None,
) -> None:
    """Take a locked run to another status; raises ConflictError when the table forbids it.

    `not_before` holds a queued run back; without it a back-off that was on is over.
    """
    was = RunStatus(run.status)
    table = SCRIPT_TRANSITIONS if run.source == RunSource.SCRIPT else TRANSITIONS
    if to not in table[was]:
        raise ConflictError(f"run {run.id} is {run.status}, so it cannot become {to}")
    run.status = to
    run.reason = reason
    run.detail = None if detail is None else clean_text(detail, LONGEST_DETAIL)
    run.finished_at = now(session) if to in TERMINAL else None
    run.cancel_requested = False
    run.cancel_reason = run.cancel_reason if to is RunStatus.CANCELLED else None
    run.woken_at = None
    run.not_before = not_before
    if to is RunStatus.QUEUED:
        run.queued_at = now(session)
    if to is not RunStatus.RUNNING:
        run.worker_id = None
        run.lease_expires_at = None
    tell(session, run, was=was)


_CANCELLED = {
    "cancelled": "cancelled by a person",
    "pruned": "stopped early: other trials of the sweep were better at the same epoch",
}


def move_to_cancelled(session: Session, run: Run) -> None:
    """Take a locked run to cancelled: a person asked for it, or a sweep stopped the trial."""
    reason = run.cancel_reason or "cancelled"
    move(session, run, RunStatus.CANCELLED, reason=reason, detail=_CANCELLED[reason])


def end_attempt(
    session: Session, run: Run, outcome: AttemptOutcome, *, reason: str | None = None
) -> Attempt:
    """Close the newest attempt of a locked run."""
    attempt = session.get_one(Attempt, (run.id, run.attempt))
    attempt.outcome = outcome
    attempt.reason = reason
    attempt.finished_at = now(session)
    return attempt
