"""Runs of people's own scripts: begun, kept alive and ended by the script, claimed by no worker.

Nothing that a script says is fenced, since nobody else ever trains its run. Its lease tells only
whether it is still at work: what a silent script left on its machine's disk is taken whenever it
comes, and so is its end.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.errors import ConflictError, NotFoundError
from server.storage.clock import now
from server.storage.ids import new_id
from server.storage.models import Attempt, Run, Study
from server.storage.states import AttemptOutcome, RunSource, RunStatus
from server.storage.texts import clean_text
from server.storage.transitions import end_attempt, lock_run, move, tell

WORKER_ID = "script"
"""Stands where an attempt names its worker."""
LOST = "lost"
FAILED = "script_failed"
CANCELLED = "cancelled"

_ENDS = {
    RunStatus.SUCCEEDED: (AttemptOutcome.SUCCEEDED, None),
    RunStatus.FAILED: (AttemptOutcome.FAILED, FAILED),
    RunStatus.CANCELLED: (AttemptOutcome.CANCELLED, CANCELLED),
}


@dataclass(frozen=True, slots=True)
class Script:
    """What a script says of itself and its run when it begins."""

    name: str
    experiment: str
    tags: list[str]
    notes: str | None
    config: dict[str, Any]
    digest: str
    study_id: str | None
    host: str
    device: str
    started_at: datetime | None
    """By the clock of its machine; it may have been told long afterwards."""


def begin(session: Session, script: Script, *, run_id: str | None, lease_seconds: float) -> Run:
    """A new run that a script trains; raises NotFoundError where its study is not there."""
    if script.study_id is not None:
        _hold_study(session, script.study_id)
    if run_id is not None and session.get(Run, run_id) is not None:
        raise ConflictError(f"there is another run {run_id}; leave the id out, or make a new one")
    moment = now(session)
    began = min(script.started_at or moment, moment)
    run = Run(
        id=run_id or new_id("run"),
        name=script.name,
        experiment=script.experiment,
        study_id=script.study_id,
        tags=list(dict.fromkeys(script.tags)),
        notes=script.notes,
        spec=script.config,
        spec_digest=script.digest,
        priority=0,
        source=RunSource.SCRIPT,
        status=RunStatus.RUNNING,
        attempt=1,
        lost=0,
        lease_expires_at=moment + timedelta(seconds=lease_seconds),
        cancel_requested=False,
        summary={},
        created_at=began,
        started_at=began,
    )
    session.add(run)
    session.flush()  # its attempt refers to it
    session.add(_attempt(run, script.host, script.device, began))
    tell(session, run)
    return run


def beat(session: Session, run_id: str, *, lease_seconds: float) -> Run:
    """The script is at work; a run that was taken for lost goes on."""
    run = _lock_script(session, run_id)
    if is_lost(run):
        _revive(session, run)
    renew(session, run, lease_seconds)
    return run


def renew(session: Session, run: Run, lease_seconds: float) -> None:
    """Prolong the lease of a locked run of a script, while it runs."""
    if run.status == RunStatus.RUNNING and run.lease_expires_at is not None:
        until = now(session) + timedelta(seconds=lease_seconds)
        run.lease_expires_at = max(until, run.lease_expires_at)


def finish(
    session: Session,
    run_id: str,
    status: RunStatus,
    *,
    exit: str | None = None,  # noqa: A002  the name on the row
    detail: str | None = None,
    finished_at: datetime | None = None,
) -> Run:
    """End a script's run as the script says.

    The first end stands, so that it can be said again; only one that was taken for lost still
    gets another.
    """
    run = _lock_script(session, run_id)
    if is_lost(run):
        _revive(session, run)
    if run.status != RunStatus.RUNNING:
        return run
    outcome, reason = _ENDS[status]
    attempt = end_attempt(session, run, outcome, reason=reason)
    attempt.exit = clean_text(exit, 200) if exit else None
    move(session, run, status, reason=reason, detail=detail)
    if finished_at is not None and run.finished_at is not None and run.started_at is not None:
        ended = max(run.started_at, min(finished_at, run.finished_at))
        run.finished_at = ended
        attempt.finished_at = max(ended, attempt.started_at)
    return run


def is_lost(run: Run) -> bool:
    """True for a script's run that failed because nothing was heard of the script."""
    return run.status == RunStatus.FAILED and run.reason == LOST


def _revive(session: Session, run: Run) -> None:
    before = session.get_one(Attempt, (run.id, run.attempt))
    moment = now(session)
    run.attempt += 1
    session.add(_attempt(run, before.host, before.device, moment))
    run.lease_expires_at = moment
    move(session, run, RunStatus.RUNNING)


def _attempt(run: Run, host: str, device: str, started_at: datetime) -> Attempt:
    return Attempt(
        run_id=run.id,
        number=run.attempt,
        worker_id=WORKER_ID,
        host=host,
        device=device,
        outcome=AttemptOutcome.RUNNING,
        started_at=started_at,
        resumed_step=0,
    )


def _lock_script(session: Session, run_id: str) -> Run:
    run = lock_run(session, run_id)
    if run.source != RunSource.SCRIPT:
        raise ConflictError(
            f"run {run_id} is trained by a worker of the service, so no script can speak for it"
        )
    return run


def _hold_study(session: Session, study_id: str) -> None:
    """See that a study is there and stays until the transaction ends."""
    query = select(Study.deleted_at).where(Study.id == study_id).with_for_update(read=True)
    known = session.execute(query).one_or_none()
    if known is None or known.deleted_at is not None:
        raise NotFoundError("study", study_id)
