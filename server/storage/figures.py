"""Figures of the whole service at one moment, for monitoring and the doctor."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    and_,
    case,
    cast,
    extract,
    func,
    insert,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from server.storage import heartbeats, webhook_deliveries
from server.storage.clock import now
from server.storage.holding import held_studies
from server.storage.models import Artifact, Attempt, Event, PastAttempt, Run, Worker
from server.storage.states import AttemptOutcome, RunSource, RunStatus
from server.storage.workers import free_slots, status_of, with_free_slot

DURATION_BOUNDS = (5, 15, 60, 300, 900, 3600, 10_800, 28_800, 86_400, 259_200, 604_800)
"""Seconds: upper bounds of the histogram of run durations."""

ENDINGS = (AttemptOutcome.SUCCEEDED, AttemptOutcome.FAILED, AttemptOutcome.CANCELLED)
"""Outcomes of an attempt that end its run."""

RECENT = timedelta(days=1)
"""A worker that fell silent longer ago is history."""


@dataclass(frozen=True, slots=True)
class Durations:
    """How long runs took: how many at most each bound, how many in all, and their sum."""

    at_most: tuple[int, ...]
    count: int
    milliseconds: int


@dataclass(frozen=True, slots=True)
class Queue:
    """Runs that wait for a worker, and those that wait for something else."""

    waiting: int
    backing_off: int
    held: int
    """Their study has as many running as it may."""
    oldest_seconds: float
    """How long the oldest of the waiting could have been claimed; 0 when none waits."""


@dataclass(frozen=True, slots=True)
class Figures:
    """The service at one moment."""

    runs: dict[str, int]
    queue: Queue
    workers: dict[str, int]
    slots: int
    free_slots: int
    stalled_seconds: float
    """How long a run has waited although a worker had nothing else to do; 0 when none has."""
    attempts: dict[str, int]
    """Attempts that ended, by outcome; purged ones too."""
    refused_writes: int
    durations: dict[str, Durations]
    """Of runs that an attempt ended, by how; purged ones too."""
    ingest_lag_seconds: float
    artifact_bytes: int
    scheduler_silence_seconds: float
    webhook_deliveries: dict[str, int]
    """By where they stand."""


def snapshot(session: Session, *, lost_after: float) -> Figures:
    """All figures in one session, which sees one moment; workers silent for so long are lost."""
    moment = now(session)
    alive = recent_workers(session, moment, lost_after)
    ended, refused = _attempts(session)
    waiting = queue(session, moment)
    return Figures(
        runs=_runs(session),
        queue=waiting,
        workers=dict(Counter(status for _, status in alive)),
        slots=sum(worker.slots for worker, status in alive if status == "alive"),
        free_slots=free_slots(session, lost_after),
        stalled_seconds=stalled_seconds(session, waiting, lost_after=lost_after),
        attempts=ended,
        refused_writes=refused,
        durations=_durations(session),
        ingest_lag_seconds=max((lag for _, lag in ingest_lags(session, moment)), default=0.0),
        artifact_bytes=int(session.scalar(select(func.coalesce(func.sum(Artifact.size), 0))) or 0),
        scheduler_silence_seconds=heartbeats.silence(
            heartbeats.last_beat(session, heartbeats.SCHEDULER), moment
        ),
        webhook_deliveries=webhook_deliveries.counts(session),
    )


def queue(session: Session, moment: datetime) -> Queue:
    """The queue as it stands."""
    over = or_(Run.not_before.is_(None), Run.not_before <= moment)
    allowed = or_(Run.study_id.is_(None), Run.study_id.not_in(held_studies()))
    free = and_(over, allowed)
    queued = func.coalesce(Run.queued_at, Run.created_at)
    since = case((Run.not_before > queued, Run.not_before), else_=queued)
    query = select(
        func.count(),
        func.count(case((free, 1))),
        func.count(case((over, 1))),
        func.min(case((free, since))),
    ).where(Run.status == RunStatus.QUEUED, Run.deleted_at.is_(None))
    every, waiting, no_back_off, oldest = session.execute(query).one()
    return Queue(
        waiting=waiting,
        backing_off=every - no_back_off,
        held=no_back_off - waiting,
        oldest_seconds=_seconds(oldest, moment),
    )


def stalled_seconds(session: Session, waiting: Queue, *, lost_after: float) -> float:
    """How long a run has waited although a worker alive had nothing else to do."""
    if not waiting.waiting:
        return 0.0
    return min(waiting.oldest_seconds, _idle_seconds(session, lost_after))


def stalled_after(wake_again_seconds: float) -> float:
    """From how many seconds on a run that waits beside a free worker means that one is stuck.

    By then the scheduler has woken it twice.
    """
    return 2 * wake_again_seconds


def _idle_seconds(session: Session, lost_after: float) -> float:
    """For how long the workers with a free slot have not ended an attempt, at the longest."""
    moment = now(session)
    ended = (
        select(func.max(Attempt.finished_at))
        .where(Attempt.worker_id == Worker.id)
        .scalar_subquery()
    )
    query = select(Worker.started_at, ended).where(
        Worker.id.in_(with_free_slot(session, lost_after))
    )
    since = (max(started, done or started) for started, done in session.execute(query))
    return _seconds(min(since, default=None), moment)


def _seconds(since: datetime | None, moment: datetime) -> float:
    return 0.0 if since is None else max(0.0, (moment - since).total_seconds())


def recent_workers(
    session: Session, moment: datetime, lost_after: float
) -> Sequence[tuple[Worker, str]]:
    """Workers that have not stopped, with their status; those lost long ago are left out."""
    query = (
        select(Worker)
        .where(Worker.stopped_at.is_(None), Worker.seen_at >= moment - RECENT)
        .order_by(Worker.started_at, Worker.id)
    )
    return [(worker, status_of(worker, moment, lost_after)) for worker in session.scalars(query)]


def ingest_lags(session: Session, moment: datetime) -> Sequence[tuple[str, float]]:
    """Running runs, and for how many seconds none of their metrics was stored.

    A run that has none yet counts from the start of its attempt. How often a person's own script
    measures something is its own affair, so its run is left out.
    """
    stored = (
        select(Event.created_at)
        .where(Event.run_id == Run.id, Event.kind == "metrics")
        .order_by(Event.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    query = (
        select(Run.id, Attempt.started_at, stored)
        .join(Attempt, and_(Attempt.run_id == Run.id, Attempt.number == Run.attempt))
        .where(Run.status == RunStatus.RUNNING, Run.source == RunSource.WORKER)
        .order_by(Run.id)
    )
    return [
        (run_id, max(0.0, (moment - max(started, newest or started)).total_seconds()))
        for run_id, started, newest in session.execute(query)
    ]


def remember_attempts(session: Session, run_id: str) -> None:
    """Keep what totals need of a run's attempts; call it before they are purged."""
    known = _ended(session).where(Attempt.run_id == run_id)
    session.execute(insert(PastAttempt).from_select(["outcome", "refused", "milliseconds"], known))


def _runs(session: Session) -> dict[str, int]:
    query = select(Run.status, func.count()).where(Run.deleted_at.is_(None)).group_by(Run.status)
    return {str(status): count for status, count in session.execute(query)}


def _attempts(session: Session) -> tuple[dict[str, int], int]:
    """Attempts that ended, by outcome; and refused writes of all, those that run too."""
    both = union_all(
        select(Attempt.outcome, Attempt.refused), select(PastAttempt.outcome, PastAttempt.refused)
    ).subquery()
    query = select(both.c.outcome, func.count(), func.sum(both.c.refused)).group_by(both.c.outcome)
    rows = session.execute(query).all()
    ended = {str(outcome): count for outcome, count, _ in rows if outcome != AttemptOutcome.RUNNING}
    return ended, sum(int(refused) for _, _, refused in rows)


def _ended(session: Session) -> Select[str, int, int]:
    """Outcome, refused writes and milliseconds since its run's first start, of ended attempts."""
    first = aliased(Attempt)
    return (
        select(
            Attempt.outcome,
            Attempt.refused,
            _milliseconds(session, first.started_at, Attempt.finished_at),
        )
        .join(first, and_(first.run_id == Attempt.run_id, first.number == 1))
        .where(Attempt.finished_at.is_not(None))
    )


def _milliseconds(session: Session, start: Any, end: Any) -> ColumnElement[int]:
    # Whole ones: a sum of fractions depends on their order, and a total must never shrink.
    if session.get_bind().dialect.name == "postgresql":
        return cast(extract("epoch", end - start) * 1000, BigInteger)
    return cast(func.round((func.julianday(end) - func.julianday(start)) * 86_400_000), Integer)


def _durations(session: Session) -> dict[str, Durations]:
    ended = _ended(session).subquery()
    both = union_all(
        select(ended.c[0], ended.c[2]), select(PastAttempt.outcome, PastAttempt.milliseconds)
    ).subquery()
    outcome, milliseconds = both.c
    query = (
        select(
            outcome,
            func.count(),
            func.coalesce(func.sum(milliseconds), 0),
            *(func.count(case((milliseconds <= 1000 * bound, 1))) for bound in DURATION_BOUNDS),
        )
        .where(outcome.in_(ENDINGS), milliseconds.is_not(None))
        .group_by(outcome)
    )
    return {
        str(row[0]): Durations(tuple(row[3:]), row[1], int(row[2]))
        for row in session.execute(query)
    }
