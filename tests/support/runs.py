"""Runs in every state, for tests."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import update

from server.storage import lifecycle, runs
from server.storage.database import Database, now
from server.storage.models import Run
from server.storage.states import RunStatus

SPEC: dict[str, Any] = {"dataset": "digits", "granularity": "channel", "seed": 0}


def make_run(db: Database, **changes: Any) -> str:
    """Id of a new queued run."""
    given: dict[str, Any] = {
        "name": "a run",
        "experiment": "default",
        "tags": [],
        "priority": 0,
        "spec": SPEC,
        "spec_digest": "0" * 64,
    }
    with db.write() as session:
        return runs.create_run(session, **{**given, **changes}).id


def claim_run(
    db: Database, run_id: str, *, worker_id: str = "worker-1", lease_seconds: float = 60
) -> int:
    """Number of the attempt that owns the run now; a negative lease has run out already."""
    with db.write() as session:
        claim = lifecycle.claim(
            session,
            run_id,
            worker_id=worker_id,
            host="host-1",
            device="cpu",
            lease_seconds=lease_seconds,
        )
    if claim is None:
        raise AssertionError(f"run {run_id} could not be claimed")
    return claim.attempt


def expire(db: Database, run_id: str) -> None:
    """Let the run's lease be over, as if its worker had been silent for all of it."""
    with db.write() as session:
        past = now(session) - timedelta(seconds=1)
        session.execute(update(Run).where(Run.id == run_id).values(lease_expires_at=past))


def wait_out(db: Database, run_id: str) -> None:
    """Let the run's back-off be over, as if it had waited for all of it."""
    with db.write() as session:
        past = now(session) - timedelta(seconds=1)
        session.execute(update(Run).where(Run.id == run_id).values(not_before=past))


def reap(db: Database, *, max_lost: int = 3, backoff: float = 0) -> list[str]:
    """What the scheduler does about silent workers; without a back-off unless asked for."""
    with db.write() as session:
        return lifecycle.reap_expired(session, max_lost=max_lost, backoff=backoff)


def report_death(
    db: Database,
    run_id: str,
    attempt: int,
    how: str = "signal 9 (SIGKILL)",
    *,
    max_lost: int = 3,
    backoff: float = 0,
) -> bool:
    """What a worker does about a child that died; without a back-off unless asked for."""
    with db.write() as session:
        return lifecycle.report_death(
            session, run_id, attempt, exit=how, max_lost=max_lost, backoff=backoff
        )


def run_in(db: Database, status: RunStatus, **changes: Any) -> str:
    """Id of a run in that state, which an attempt 1 brought there unless it is still waiting."""
    run_id = make_run(db, **changes)
    if status in (RunStatus.QUEUED, RunStatus.PAUSED):
        with db.write() as session:
            session.execute(update(Run).where(Run.id == run_id).values(status=status))
        return run_id
    attempt = claim_run(db, run_id)
    with db.write() as session:
        if status is RunStatus.SUCCEEDED:
            lifecycle.succeed(session, run_id, attempt)
        elif status is RunStatus.FAILED:
            lifecycle.fail(session, run_id, attempt, reason="loss_not_finite", detail="NaN")
        elif status is RunStatus.CANCELLED:
            lifecycle.end_cancelled(session, run_id, attempt)
    return run_id


def get(db: Database, run_id: str) -> Run:
    """The run as it is stored now."""
    with db.read() as session:
        return runs.get_run(session, run_id)
