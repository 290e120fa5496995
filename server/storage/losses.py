"""What becomes of a run that loses its worker: told in its log, queued after a pause, or failed."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.storage import logs
from server.storage.clock import now
from server.storage.models import Attempt, Run
from server.storage.states import AttemptOutcome, RunStatus
from server.storage.texts import clean_text
from server.storage.transitions import end_attempt, move, move_to_cancelled

LONGEST_BACKOFF = 300.0
GROWTH = 4.0
LONGEST_EXIT = 200


def backoff_seconds(lost: int, base: float) -> float:
    """Pause after so many lost attempts in a row: each four times the last, at most 300 s."""
    return min(LONGEST_BACKOFF, base * GROWTH ** (lost - 1))


def lose(session: Session, run: Run, *, how: str | None, max_lost: int, backoff: float) -> bool:
    """End the newest attempt of a locked running run as lost; True when the run is queued again.

    `how` is the way in which the worker's process ended, where somebody saw it.
    """
    cancelled = run.cancel_requested
    attempt = end_attempt(
        session, run, AttemptOutcome.LOST, reason="cancelled" if cancelled else "lost"
    )
    note_exit(attempt, how)
    fate = (
        f"attempt {attempt.number} on worker {attempt.worker_id} ({attempt.host}) {_end(attempt)}"
    )
    if cancelled:
        logs.note(session, run, [f"{fate}; the run was to be cancelled, so it has ended"])
        move_to_cancelled(session, run)
        return False
    run.lost += 1
    if run.lost >= max_lost:
        logs.note(session, run, [f"{fate}; that is {run.lost} in a row, so the run has failed"])
        move(session, run, RunStatus.FAILED, reason="poison", detail=_poison(session, run))
        return False
    pause = backoff_seconds(run.lost, backoff)
    waits = "the run goes to the next free worker"
    if pause:
        waits += f" after {pause:g} s"
    logs.note(session, run, [f"{fate}; {waits}"])
    move(
        session,
        run,
        RunStatus.QUEUED,
        reason="lost",
        detail=f"{fate}; {waits}",
        not_before=now(session) + timedelta(seconds=pause) if pause else None,
    )
    return True


def lose_script(session: Session, run: Run) -> None:
    """Fail a locked running run whose script was silent until its lease ran out."""
    attempt = end_attempt(session, run, AttemptOutcome.LOST, reason="lost")
    where = f" on {attempt.host}" if attempt.host else ""
    told = (
        f"nothing was heard of the script{where} for too long: it was killed, or its machine "
        "cannot reach the service. When it is heard of again, or what waits there is delivered "
        "(realspike spool drain), the run goes on, or ends as the script said"
    )
    logs.note(session, run, [told])
    move(session, run, RunStatus.FAILED, reason="lost", detail=told)


def note_exit(ended: Attempt, how: str | None) -> None:
    """Keep how an attempt's process ended, the first time that somebody says it."""
    if how and ended.exit is None:
        ended.exit = clean_text(how, LONGEST_EXIT)


def _end(attempt: Attempt) -> str:
    return f"died of {attempt.exit}" if attempt.exit else "fell silent"


def _poison(session: Session, run: Run) -> str:
    query = (
        select(Attempt)
        .where(Attempt.run_id == run.id, Attempt.outcome == AttemptOutcome.LOST)
        .order_by(Attempt.number.desc())
        .limit(run.lost)
    )
    ends = [
        f"attempt {lost.number} on {lost.worker_id} ({lost.host}, {lost.device}) {_end(lost)}"
        for lost in reversed(session.scalars(query).all())
    ]
    return (
        f"{run.lost} workers in a row died or fell silent: {'; '.join(ends)}. "
        f"What they said last is in the run's log (realspike run log {run.id}). Look there and at "
        "the machines' memory (a smaller batch_size or width needs less), then retry."
    )
