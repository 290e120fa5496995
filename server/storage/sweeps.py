"""Sweeps: which need a trial, what their trials came to, and which trial is to be stopped."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.storage import studies
from server.storage.models import Metric, Run, Study
from server.storage.states import TERMINAL, RunSource, RunStatus
from server.storage.transitions import lock_run, tell

_OPEN = [str(status) for status in RunStatus if status not in TERMINAL]
_TRIAL = Run.source == RunSource.WORKER
"""What scripts measure beside a sweep tells its sampler nothing."""
_TRAINS = (_TRIAL, Run.status == RunStatus.RUNNING, Run.cancel_requested.is_(False))
PRUNED = "pruned"


def searching(session: Session) -> list[str]:
    """Ids of sweeps that have trials left and are not paused, oldest first."""
    query = (
        select(Study.id)
        .where(Study.trials_left > 0, Study.paused_at.is_(None), Study.deleted_at.is_(None))
        .order_by(Study.id)
    )
    return list(session.scalars(query))


def beginning(session: Session) -> list[Study]:
    """Studies whose runs were all made at once, and of which one may still begin."""
    queued = select(Run.study_id).where(_TRIAL, Run.status == RunStatus.QUEUED)
    query = select(Study).where(
        Study.id.in_(queued.where(Run.study_id.is_not(None))),
        Study.trials_left.is_(None),
        Study.paused_at.is_(None),
        Study.deleted_at.is_(None),
    )
    return list(session.scalars(query.order_by(Study.id)))


def lock_beginning(session: Session, study_id: str) -> Study | None:
    """The study, locked until the transaction ends; None when it was paused or deleted."""
    query = (
        select(Study)
        .where(Study.id == study_id, Study.paused_at.is_(None), Study.deleted_at.is_(None))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return session.scalars(query).one_or_none()


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
    query = select(Run).where(Run.study_id == study_id, _TRIAL).order_by(Run.created_at, Run.id)
    return list(session.scalars(query))


def open_count(session: Session, study_id: str) -> int:
    """Runs of a study that have not ended."""
    query = select(func.count()).where(
        Run.study_id == study_id, _TRIAL, Run.status.in_(_OPEN), Run.deleted_at.is_(None)
    )
    return session.scalars(query).one()


def stoppable(session: Session) -> list[Study]:
    """Studies with a run that is running, so that one may have to be stopped early."""
    running = select(Run.study_id).where(*_TRAINS, Run.study_id.is_not(None))
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
        .where(Run.study_id == study_id, _TRIAL, Metric.name == metric)
        .order_by(Metric.run_id, Metric.step)
    )
    found: dict[str, dict[int, float]] = {}
    for run_id, epoch, value in session.execute(query):
        if epoch is not None:
            found.setdefault(run_id, {})[epoch] = value
    return found


def end(session: Session, study: Study) -> None:
    """Let a locked sweep make no further trials; those that are open go on to their end."""
    study.trials_left = 0
    session.flush()
    counts = studies.study_counts(session, [study.id])[study.id]
    status = studies.study_status(counts, study)
    ended = {} if open_count(session, study.id) else {"ended": True}
    studies.tell_study(session, study.id, status, **ended)


def prune(session: Session, run_id: str) -> bool:
    """Ask a running trial to stop because others are better; False when it runs no more."""
    run = lock_run(session, run_id)
    if run.status != RunStatus.RUNNING or run.cancel_requested:
        return False
    run.cancel_requested = True
    run.cancel_reason = PRUNED
    tell(session, run)
    return True


def only_failures(session: Session, study: Study, count: int) -> bool:
    """True when so many of a study's runs ended last, since it went on, and all have failed."""
    query = select(Run.status).where(Run.study_id == study.id, _TRIAL, Run.finished_at.is_not(None))
    if study.resumed_at is not None:
        query = query.where(Run.finished_at > study.resumed_at)
    newest = query.order_by(Run.finished_at.desc(), Run.id.desc()).limit(count)
    return list(session.scalars(newest)) == [RunStatus.FAILED] * count
