"""Routes of workers."""

from __future__ import annotations

from fastapi import APIRouter

from server.api.deps import Service
from server.api.responses import problems
from server.api.schemas import WorkerList, WorkerRead
from server.storage import workers
from server.storage.clock import now

router = APIRouter(prefix="/workers", tags=["workers"])


@router.get("", responses=problems())
def list_workers(services: Service) -> WorkerList:
    """Worker processes, the live ones first."""
    with services.db.read() as session:
        moment = now(session)
        return WorkerList(
            items=[
                WorkerRead(
                    id=worker.id,
                    host=worker.host,
                    pid=worker.pid,
                    device=worker.device,
                    slots=worker.slots,
                    versions=worker.versions,
                    status=workers.status_of(worker, moment, services.settings.lease_seconds),
                    run_ids=run_ids,
                    started_at=worker.started_at,
                    seen_at=worker.seen_at,
                    stopped_at=worker.stopped_at,
                )
                for worker, run_ids in workers.list_workers(session)
            ]
        )
