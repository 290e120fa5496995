"""The life of an attempt: claim, renew, end; and what the scheduler does about silent ones.

A run belongs to whoever holds its newest attempt number while it is running. Every function
locks the run's row first, so two of them never judge the same state.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from rscore.reporting import StopReason
from server.errors import NotFoundError, StaleAttemptError
from server.storage.clock import now
from server.storage.events import emit
from server.storage.holding import held_studies, is_held
from server.storage.losses import lose, note_exit
from server.storage.models import Attempt, Histogram, Metric, Run, Worker
from server.storage.states import AttemptOutcome, RunStatus
from server.storage.summaries import newest_values
from server.storage.texts import finite
from server.storage.transitions import (
    end_attempt,
    lock_owned,
    lock_run,
    move,
    move_to_cancelled,
    tell,
)


@dataclass(frozen=True, slots=True)
class Claim:
    """A run that a worker owns now, with the attempt number its writes must carry."""

    run_id: str
    name: str
    attempt: int
    spec: dict[str, Any]
    study_id: str | None


def claim(
    session: Session,
    run_id: str,
    *,
    worker_id: str,
    host: str,
    device: str,
    lease_seconds: float,
) -> Claim | None:
    """Take a queued run for a worker, or None when it is not there to be taken, or not yet."""
    if is_held(session, run_id):
        return None
    try:
        run = lock_run(session, run_id)
    except NotFoundError:
        return None
    moment = now(session)
    if run.status != RunStatus.QUEUED or (run.not_before and run.not_before > moment):
        return None
    run.attempt += 1
    run.worker_id = worker_id
    run.lease_expires_at = moment + timedelta(seconds=lease_seconds)
    run.started_at = run.started_at or moment
    session.add(
        Attempt(
            run_id=run_id,
            number=run.attempt,
            worker_id=worker_id,
            host=host,
            device=device,
            outcome=AttemptOutcome.RUNNING,
            started_at=moment,
            resumed_step=0,
        )
    )
    move(session, run, RunStatus.RUNNING)
    return Claim(run_id, run.name, run.attempt, run.spec, run.study_id)


def set_resumed(session: Session, run_id: str, attempt: int, step: int) -> None:
    """Note the checkpoint's step that an attempt goes on from, and drop all measured after it.

    With step 0 it starts afresh, and everything measured goes.
    """
    run = lock_owned(session, run_id, attempt)
    session.get_one(Attempt, (run_id, attempt)).resumed_step = step
    for table in (Metric, Histogram):
        stale = delete(table).where(table.run_id == run_id)
        session.execute(stale.where(table.step > step) if step > 0 else stale)
    run.summary = newest_values(session, run_id)
    tell(session, run)


def renew(
    session: Session, run_id: str, attempt: int, *, lease_seconds: float
) -> StopReason | None:
    """Renew the lease; answers why the attempt should stop, or None to go on."""
    run = lock_owned(session, run_id, attempt)
    run.lease_expires_at = now(session) + timedelta(seconds=lease_seconds)
    if run.cancel_requested:
        return StopReason.CANCELLED
    draining = session.scalar(select(Worker.draining).where(Worker.id == run.worker_id))
    return StopReason.DRAINED if draining else None


def save_progress(session: Session, run_id: str, attempt: int, progress: dict[str, Any]) -> None:
    """Store where the training stands; a loss or accuracy that is not finite becomes None."""
    run = lock_owned(session, run_id, attempt)
    run.progress = {name: finite(value) for name, value in progress.items()}
    emit(session, "progress", run_id=run_id, study_id=run.study_id, data=run.progress)


def succeed(session: Session, run_id: str, attempt: int) -> None:
    """End the run: trained, folded, certified and registered."""
    run = lock_owned(session, run_id, attempt)
    end_attempt(session, run, AttemptOutcome.SUCCEEDED)
    move(session, run, RunStatus.SUCCEEDED)


def fail(session: Session, run_id: str, attempt: int, *, reason: str, detail: str) -> None:
    """End the run with an error that another attempt would meet again."""
    run = lock_owned(session, run_id, attempt)
    end_attempt(session, run, AttemptOutcome.FAILED, reason=reason)
    move(session, run, RunStatus.FAILED, reason=reason, detail=detail)


def end_cancelled(session: Session, run_id: str, attempt: int) -> None:
    """End the run because a person asked for it."""
    run = lock_owned(session, run_id, attempt)
    _cancel(session, run)


def hand_back(session: Session, run_id: str, attempt: int, *, reason: str) -> None:
    """Queue the run again, for another worker to go on; a run to be cancelled ends instead."""
    _hand_back(session, lock_owned(session, run_id, attempt), reason)


def hand_back_all(session: Session, worker_id: str, *, reason: str) -> list[str]:
    """Queue again, or end, every run that a worker owns; returns their ids."""
    owned = (
        select(Run)
        .where(Run.status == RunStatus.RUNNING, Run.worker_id == worker_id)
        .order_by(Run.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    runs = session.scalars(owned).all()
    for run in runs:
        _hand_back(session, run, reason)
    return [run.id for run in runs]


def _hand_back(session: Session, run: Run, reason: str) -> None:
    if run.cancel_requested:
        _cancel(session, run)
        return
    end_attempt(session, run, AttemptOutcome.DRAINED, reason=reason)
    move(session, run, RunStatus.QUEUED, reason=reason)


def reap_expired(session: Session, *, max_lost: int, backoff: float) -> list[str]:
    """Take every run whose lease ran out from its silent worker; returns the ids queued again.

    A run waits `backoff` seconds before its next attempt, and longer after each further loss.
    """
    expired = (
        select(Run)
        .where(Run.status == RunStatus.RUNNING, Run.lease_expires_at < now(session))
        .order_by(Run.id)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    return [
        run.id
        for run in session.scalars(expired).all()
        if lose(session, run, how=None, max_lost=max_lost, backoff=backoff)
    ]


def report_death(
    session: Session,
    run_id: str,
    attempt: int,
    *,
    exit: str,  # noqa: A002  the name on the row
    max_lost: int,
    backoff: float,
) -> bool:
    """Take the run from an attempt whose process was seen to die; True when it is queued again.

    The same as a lease that ran out, but at once. Of an attempt that owned its run no longer,
    only how it ended is kept.
    """
    try:
        run = lock_owned(session, run_id, attempt)
    except StaleAttemptError:
        gone = session.get(Attempt, (run_id, attempt))
        if gone is not None and gone.outcome == AttemptOutcome.LOST:
            note_exit(gone, exit)
        return False
    return lose(session, run, how=exit, max_lost=max_lost, backoff=backoff)


def note_refused(session: Session, run_id: str, attempt: int) -> None:
    """Count a write that was refused, on the stale attempt's own row: the run stays untouched."""
    session.execute(
        update(Attempt)
        .where(Attempt.run_id == run_id, Attempt.number == attempt)
        .values(refused=Attempt.refused + 1)
    )


def _cancel(session: Session, run: Run) -> None:
    end_attempt(session, run, AttemptOutcome.CANCELLED, reason="cancelled")
    move_to_cancelled(session, run)


def due_to_wake(session: Session, *, again_seconds: float, limit: int) -> list[str]:
    """Queued runs that nobody woke, or long ago: the highest priority first, then the oldest.

    One that still waits after it lost its worker is left out, and one whose study is held.
    """
    moment = now(session)
    stale = moment - timedelta(seconds=again_seconds)
    query = (
        select(Run.id)
        .where(Run.status == RunStatus.QUEUED, Run.deleted_at.is_(None))
        .where(or_(Run.study_id.is_(None), Run.study_id.not_in(held_studies())))
        .where(or_(Run.woken_at.is_(None), Run.woken_at < stale))
        .where(or_(Run.not_before.is_(None), Run.not_before <= moment))
        .order_by(Run.priority.desc(), Run.id)
        .limit(limit)
    )
    return list(session.scalars(query))


def mark_woken(session: Session, run_ids: Sequence[str]) -> None:
    """Note that a message about these runs was sent just now."""
    query = (
        select(Run)
        .where(Run.id.in_(run_ids), Run.status == RunStatus.QUEUED)
        .order_by(Run.id)
        .with_for_update(skip_locked=True)
    )
    moment = now(session)
    for run in session.scalars(query):
        run.woken_at = moment
