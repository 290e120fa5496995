"""Sweeps: which need a trial, what their trials came to, and which trial is to be stopped."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.storage.models import Metric, Run, Study
from server.storage.states import TERMINAL, RunStatus
from server.storage.transitions import lock_run, tell

_OPEN = [str(status) for status in RunStatus if status not in TERMINAL]
_TRAINS = (Run.status == RunStatus.RUNNING, Run.cancel_requested.is_(False))
PRUNED = "pruned"


def searching(session: Session) -> list[str]:
    """Ids of sweeps that have trials left and are not paused, oldest first."""
    query = (
        select(Study.id)
        .where(Study.trials_left > 0, Study.paused_at.is_(None), Study.deleted_at.is_(None))
        .order_by(Study.id)
    )
    return list(session.scalars(query))


def lock_searching(session: Session, study_id: str) -> Study | None:
    """The sweep, locked until the transaction ends; None when it wants no trial any more."""
    query = (
        select(Study)
        .where(
            Study.id == study_id,
            Study.trials_left > 0,
            Study.paused_at.is_(None),
            Study.deleted_at.is_(None),
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return session.scalars(query).one_or_none()


def trials(session: Session, study_id: str) -> list[Run]:
    """Every trial of a sweep, deleted ones too, in the order in which they were made."""
    query = select(Run).where(Run.study_id == study_id).order_by(Run.created_at, Run.id)
    return list(session.scalars(query))


def open_count(session: Session, study_id: str) -> int:
    """Runs of a study that have not ended."""
    query = select(func.count()).where(
        Run.study_id == study_id, Run.status.in_(_OPEN), Run.deleted_at.is_(None)
    )
    return session.scalars(query).one()


def stoppable(session: Session) -> list[Study]:
    """Sweeps with a trial that is running, so that one may have to be stopped early."""
    running = select(Run.study_id).where(*_TRAINS, Run.drawn.is_not(None))
    return list(session.scalars(select(Study).where(Study.id.in_(running)).order_by(Study.id)))


def training(session: Session, study_id: str) -> list[Run]:
    """Trials of a sweep that run and were not asked to stop."""
    query = select(Run).where(Run.study_id == study_id, *_TRAINS).order_by(Run.created_at, Run.id)
    return list(session.scalars(query))


def curves(session: Session, study_id: str, metric: str) -> dict[str, dict[int, float]]:
    """By run, a metric's last value in every epoch."""
    query = (
        select(Metric.run_id, Metric.epoch, Metric.value)
        .join(Run, Run.id == Metric.run_id)
        .where(Run.study_id == study_id, Metric.name == metric)
        .order_by(Metric.run_id, Metric.step)
    )
    found: dict[str, dict[int, float]] = {}
    for run_id, epoch, value in session.execute(query):
        if epoch is not None:
            found.setdefault(run_id, {})[epoch] = value
    return found


def prune(session: Session, run_id: str) -> bool:
    """Ask a running trial to stop because others are better; False when it runs no more."""
    run = lock_run(session, run_id)
    if run.status != RunStatus.RUNNING or run.cancel_requested:
        return False
    run.cancel_requested = True
    run.cancel_reason = PRUNED
    tell(session, run)
    return True


def failures_in_a_row(known: Sequence[Run], since: datetime | None) -> int:
    """How many of the runs that ended last, after a moment, have failed without a better one."""
    ended = [
        (run.finished_at, run.status)
        for run in known
        if run.finished_at is not None and (since is None or run.finished_at > since)
    ]
    failed = [status == RunStatus.FAILED for _, status in sorted(ended, reverse=True)]
    return failed.index(False) if False in failed else len(failed)
