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
from server.storage.holding import is_held
from server.storage.losses import lose, lose_script, note_exit
from server.storage.models import Attempt, Histogram, Metric, Run, Worker
from server.storage.order import line
from server.storage.quarantine import is_quarantined
from server.storage.states import AttemptOutcome, RunSource, RunStatus
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
    """Take a queued run for a worker, or None when it is not there to be taken, or not yet.

    A quarantined worker gets none.
    """
    if is_quarantined(session, worker_id) or is_held(session, run_id):
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
    A script's run fails, since nobody else can go on with it.
    """
    expired = (
        select(Run)
        .where(Run.status == RunStatus.RUNNING, Run.lease_expires_at < now(session))
        .order_by(Run.id)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    back = []
    for run in session.scalars(expired).all():
        if run.source == RunSource.SCRIPT:
            lose_script(session, run)
        elif lose(session, run, how=None, max_lost=max_lost, backoff=backoff):
            back.append(run.id)
    return back


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
    """Those of the `limit` runs that are next which nobody woke, or long ago.

    Nobody beyond those is woken, although messages about them may be lost: a broker full of
    messages would bring runs in the order of sending, past a priority that was changed since.
    """
    moment = now(session)
    stale = moment - timedelta(seconds=again_seconds)
    waiting = line(moment)
    query = (
        select(waiting.c.id)
        .where(waiting.c.position <= limit)
        .where(or_(waiting.c.woken_at.is_(None), waiting.c.woken_at < stale))
        .order_by(waiting.c.position)
    )
    return list(session.scalars(query))


def mark_woken(session: Session, run_ids: Sequence[str], *, again_seconds: float = 0) -> list[str]:
    """Note that messages about these runs are sent just now.

    Returns those that wait and that nobody else has woken meanwhile, in the order given.
    """
    moment = now(session)
    stale = moment - timedelta(seconds=again_seconds)
    query = (
        select(Run)
        .where(Run.id.in_(run_ids), Run.status == RunStatus.QUEUED)
        .where(or_(Run.woken_at.is_(None), Run.woken_at < stale))
        .order_by(Run.id)
        .with_for_update(skip_locked=True)
    )
    marked = {run.id: run for run in session.scalars(query)}
    for run in marked.values():
        run.woken_at = moment
    return [run_id for run_id in run_ids if run_id in marked]


def pass_on(session: Session, run_id: str) -> None:
    """Note that a message about a queued run reached a worker that takes none: wake another."""
    query = update(Run).where(Run.id == run_id, Run.status == RunStatus.QUEUED)
    session.execute(query.values(woken_at=None))
