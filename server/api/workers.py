"""Routes of workers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from fastapi import APIRouter, BackgroundTasks

from server.api.deps import Service, WorkerId
from server.api.responses import problems
from server.api.schemas import WorkerList, WorkerRead
from server.api.waking import wake
from server.storage import quarantine, workers
from server.storage.clock import now
from server.storage.models import Worker

router = APIRouter(prefix="/workers", tags=["workers"])


@router.get("", responses=problems())
def list_workers(services: Service) -> WorkerList:
    """Worker processes, the live ones first."""
    with services.db.read() as session:
        moment = now(session)
        return WorkerList(
            items=[
                _read(worker, run_ids, moment, services.settings.lease_seconds)
                for worker, run_ids in workers.list_workers(session)
            ]
        )


@router.post("/{worker_id}/release", responses=problems(404, 409, 422))
def release_worker(
    worker_id: WorkerId, services: Service, background: BackgroundTasks
) -> WorkerRead:
    """Let a quarantined worker take runs again.

    If the next run fails on it too, before one succeeds, it is quarantined again at once.
    """
    with services.db.write() as session:
        worker = quarantine.release(session, worker_id)
        run_ids = workers.runs_of_worker(session, worker_id)
        read = _read(worker, run_ids, now(session), services.settings.lease_seconds)
    background.add_task(wake, services)
    return read


def _read(
    worker: Worker, run_ids: Sequence[str], moment: datetime, lost_after: float
) -> WorkerRead:
    return WorkerRead(
        id=worker.id,
        host=worker.host,
        pid=worker.pid,
        device=worker.device,
        slots=worker.slots,
        versions=worker.versions,
        status=workers.status_of(worker, moment, lost_after),
        quarantined_at=worker.quarantined_at,
        quarantine_reason=worker.quarantine_reason,
        run_ids=list(run_ids),
        started_at=worker.started_at,
        seen_at=worker.seen_at,
        stopped_at=worker.stopped_at,
    )
