"""Runs: what people do with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, not_, select, update
from sqlalchemy.orm import Session

from server.errors import ConflictError, NotFoundError
from server.storage.clock import now
from server.storage.ids import new_id
from server.storage.models import Attempt, FoldedModel, Run, Study
from server.storage.order import line
from server.storage.pages import Page, newest_first
from server.storage.searching import run_fits, run_is_archived
from server.storage.states import TERMINAL, AttemptOutcome, RunSource, RunStatus
from server.storage.transitions import end_attempt, lock_run, move, move_to_cancelled, tell


def create_run(
    session: Session,
    *,
    name: str,
    experiment: str,
    tags: list[str],
    priority: int,
    spec: dict[str, Any],
    spec_digest: str,
    study_id: str | None = None,
    drawn: dict[str, Any] | None = None,
) -> Run:
    """A new run, queued; `drawn` is what a sweep's sampler drew for it."""
    run = Run(
        id=new_id("run"),
        name=name,
        experiment=experiment,
        study_id=study_id,
        drawn=drawn,
        tags=list(tags),
        spec=spec,
        spec_digest=spec_digest,
        priority=priority,
        status=RunStatus.QUEUED,
        attempt=0,
        lost=0,
        cancel_requested=False,
        summary={},
        created_at=now(session),
    )
    session.add(run)
    tell(session, run)
    return run


def get_run(session: Session, run_id: str) -> Run:
    """The run; raises NotFoundError, also for a deleted one."""
    run = session.get(Run, run_id)
    if run is None or run.deleted_at is not None:
        raise NotFoundError("run", run_id)
    return run


def list_runs(
    session: Session,
    *,
    where: ColumnElement[bool] | None = None,
    study_id: str | None = None,
    status: Sequence[RunStatus] = (),
    experiment: str | None = None,
    text: str | None = None,
    limit: int = 50,
    cursor: str | None = None,
    deleted: bool = False,
    archived: bool | None = False,
) -> Page[Run]:
    """Runs, newest first; with `deleted`, those that were deleted and can be brought back.

    Those that are archived, or whose study is, are left out; with `archived` they alone are
    listed, and with None both.
    """
    gone = Run.deleted_at.is_not(None) if deleted else Run.deleted_at.is_(None)
    query = select(Run).where(gone)
    if where is not None:
        query = query.where(where)
    if study_id is not None:
        query = query.where(Run.study_id == study_id)
    if status:
        query = query.where(Run.status.in_([str(item) for item in status]))
    if experiment is not None:
        query = query.where(Run.experiment == experiment)
    if text is not None:
        query = query.where(run_fits(text, session.get_bind().dialect.name))
    if archived is not None:
        query = query.where(run_is_archived() if archived else not_(run_is_archived()))
    return newest_first(session, query, Run.id, limit=limit, cursor=cursor)


def attempts_of(session: Session, run_id: str) -> list[Attempt]:
    """Every attempt at a run, oldest first."""
    query = select(Attempt).where(Attempt.run_id == run_id).order_by(Attempt.number)
    return list(session.scalars(query))


def queue_position(session: Session, run: Run) -> int | None:
    """1 for the run that is next, or None when it waits for no worker.

    None also while a queued run waits for the end of its back-off, or for its study.
    """
    if run.status != RunStatus.QUEUED:
        return None
    waiting = line(now(session))
    query = select(waiting.c.position).where(waiting.c.id == run.id)
    return session.scalars(query).one_or_none()


def request_cancel(session: Session, run: Run) -> None:
    """Cancel a locked open run: at once when it waits, else its worker is asked to stop.

    A script's run ends at once, too: the script is told when it says something next.
    """
    if run.status != RunStatus.RUNNING:
        move_to_cancelled(session, run)
    elif run.source == RunSource.SCRIPT:
        end_attempt(session, run, AttemptOutcome.CANCELLED, reason="cancelled")
        move_to_cancelled(session, run)
    elif not run.cancel_requested:
        run.cancel_requested = True
        tell(session, run)


def cancel_run(session: Session, run_id: str) -> Run:
    """Cancel a run; raises ConflictError when it has ended."""
    run = lock_run(session, run_id)
    if run.status in TERMINAL:
        raise ConflictError(f"run {run_id} is already {run.status}, so there is nothing to cancel")
    request_cancel(session, run)
    return run


def retry_run(session: Session, run_id: str) -> Run:
    """Queue a failed or cancelled run again; raises ConflictError for any other."""
    run = lock_run(session, run_id)
    if run.source == RunSource.SCRIPT:
        raise ConflictError(
            f"run {run_id} is of a script of somebody's own, which no worker can try again; "
            "start the script again, and it makes a new run"
        )
    if run.status not in (RunStatus.FAILED, RunStatus.CANCELLED):
        raise ConflictError(
            f"run {run_id} is {run.status}; only a failed or cancelled run can be tried again"
        )
    queue_again(session, run)
    return run


def queue_again(session: Session, run: Run) -> None:
    """Queue a locked run that failed or was cancelled; attempts and what was measured are kept."""
    run.lost = 0
    move(session, run, RunStatus.QUEUED)


def delete_run(session: Session, run_id: str) -> None:
    """Delete a run that has ended, with its model, until it is purged or brought back.

    Raises ConflictError when it is open.
    """
    run = lock_run(session, run_id)
    if run.status not in TERMINAL:
        raise ConflictError(f"run {run_id} is {run.status}; cancel it first, then delete it")
    moment = now(session)
    run.deleted_at = moment
    session.execute(
        update(FoldedModel).where(FoldedModel.run_id == run_id).values(deleted_at=moment)
    )
    tell(session, run)


def restore_run(session: Session, run_id: str) -> Run:
    """Bring a deleted run back with its model; one that is there already stays as it is.

    Raises ConflictError while its study is deleted.
    """
    query = select(Run).where(Run.id == run_id).with_for_update()
    run = session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if run is None:
        raise NotFoundError("run", run_id)
    if run.deleted_at is None:
        return run
    study = select(Study.deleted_at).where(Study.id == run.study_id).with_for_update(read=True)
    if session.scalar(study) is not None:
        raise ConflictError(
            f"run {run_id} belongs to study {run.study_id}, which is deleted too; "
            "restore the study first"
        )
    run.deleted_at = None
    session.execute(update(FoldedModel).where(FoldedModel.run_id == run_id).values(deleted_at=None))
    tell(session, run)
    return run
