"""Workers: who is there, what they can do, and how many runs they could take."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from server.errors import NotFoundError
from server.storage.clock import now
from server.storage.events import emit
from server.storage.models import Run, Worker
from server.storage.states import RunStatus

WorkerStatus = Literal["alive", "quarantined", "draining", "stopped", "lost"]

LISTED = 200
"""Most workers that a list shows."""


def register(
    session: Session,
    *,
    worker_id: str,
    host: str,
    pid: int,
    device: str,
    slots: int,
    versions: dict[str, str],
    datasets: dict[str, str],
) -> None:
    """Note a worker that starts, or starts again under its old id."""
    moment = now(session)
    session.merge(
        Worker(
            id=worker_id,
            host=host,
            pid=pid,
            device=device,
            slots=slots,
            versions=dict(versions),
            datasets=dict(datasets),
            draining=False,
            quarantined_at=None,
            quarantine_reason=None,
            started_at=moment,
            seen_at=moment,
            stopped_at=None,
        )
    )
    _tell(session, worker_id, "alive")


def seen(session: Session, worker_id: str, datasets: dict[str, str] | None = None) -> None:
    """Note that a worker is alive, and which data sets it has when it looked again."""
    worker = _get(session, worker_id)
    worker.seen_at = now(session)
    if datasets is not None:
        worker.datasets = dict(datasets)


def set_draining(session: Session, worker_id: str) -> None:
    """Note that a worker hands its runs back and takes no more."""
    _get(session, worker_id).draining = True
    _tell(session, worker_id, "draining")


def stopped(session: Session, worker_id: str) -> None:
    """Note that a worker has stopped in order."""
    worker = _get(session, worker_id)
    worker.stopped_at = now(session)
    _tell(session, worker_id, "stopped")


def list_workers(session: Session) -> list[tuple[Worker, list[str]]]:
    """Workers with the ids of the runs they train; those that run first, then newest first."""
    query = (
        select(Worker)
        .order_by(Worker.stopped_at.is_not(None), Worker.started_at.desc(), Worker.id)
        .limit(LISTED)
    )
    runs: dict[str, list[str]] = {}
    training = select(Run.worker_id, Run.id).where(Run.status == RunStatus.RUNNING).order_by(Run.id)
    for worker_id, run_id in session.execute(training):
        runs.setdefault(str(worker_id), []).append(run_id)
    return [(worker, runs.get(worker.id, [])) for worker in session.scalars(query)]


def runs_of_worker(session: Session, worker_id: str) -> list[str]:
    """Ids of the runs that a worker trains."""
    query = select(Run.id).where(Run.status == RunStatus.RUNNING, Run.worker_id == worker_id)
    return list(session.scalars(query.order_by(Run.id)))


def status_of(worker: Worker, moment: datetime, lost_after: float) -> WorkerStatus:
    """How a worker stands at a moment; one silent for `lost_after` seconds is lost."""
    if worker.stopped_at is not None:
        return "stopped"
    if worker.seen_at < moment - timedelta(seconds=lost_after):
        return "lost"
    if worker.draining:
        return "draining"
    return "alive" if worker.quarantined_at is None else "quarantined"


def slots(session: Session, lost_after: float) -> int:
    """Runs that the workers alive could take on if they had none."""
    query = select(func.coalesce(func.sum(Worker.slots), 0)).where(*_alive(session, lost_after))
    return int(session.scalars(query).one())


def free_slots(session: Session, lost_after: float) -> int:
    """Runs that the workers alive could take on now."""
    alive = select(Worker.id).where(*_alive(session, lost_after))
    taken = select(func.count()).where(Run.status == RunStatus.RUNNING, Run.worker_id.in_(alive))
    return max(0, slots(session, lost_after) - session.scalars(taken).one())


def with_free_slot(session: Session, lost_after: float) -> Select[str]:
    """Ids of the workers alive that could take a run on now."""
    taken = (
        select(func.count())
        .where(Run.status == RunStatus.RUNNING, Run.worker_id == Worker.id)
        .correlate(Worker)
        .scalar_subquery()
    )
    return select(Worker.id).where(*_alive(session, lost_after), Worker.slots > taken)


def _alive(session: Session, lost_after: float) -> tuple[ColumnElement[bool], ...]:
    return (
        Worker.stopped_at.is_(None),
        Worker.draining.is_(False),
        Worker.quarantined_at.is_(None),
        Worker.seen_at >= now(session) - timedelta(seconds=lost_after),
    )


def _get(session: Session, worker_id: str) -> Worker:
    worker = session.get(Worker, worker_id)
    if worker is None:
        raise NotFoundError("worker", worker_id)
    return worker


def _tell(session: Session, worker_id: str, status: WorkerStatus) -> None:
    emit(session, "worker", data={"worker_id": worker_id, "status": status})
