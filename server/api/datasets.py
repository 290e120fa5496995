"""Routes of data sets."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from rscore.datasets import DATASETS
from server.api.bodies import pieces, raw_body
from server.api.dataset_views import Upload, dataset_read, find_dataset, find_file
from server.api.deps import Service
from server.api.responses import problems
from server.api.schemas import DatasetList, DatasetRead
from server.api.services import Services
from server.storage import workers
from server.storage.clock import now

router = APIRouter(prefix="/datasets", tags=["datasets"])

Name = Annotated[str, Path(description="Name of a data set.", max_length=100)]


@router.get("", responses=problems())
def list_datasets(services: Service) -> DatasetList:
    """All data sets that specs may name."""
    with services.db.read() as session:
        return DatasetList(items=[_read(session, services, name) for name in DATASETS])


@router.get("/{name}", responses=problems(404, 422))
def get_dataset(name: Name, services: Service) -> DatasetRead:
    """One data set: who has it, and what to do when nobody does."""
    find_dataset(name)
    with services.db.read() as session:
        return _read(session, services, name)


@router.put(
    "/{name}/files/{file}",
    responses=problems(404, 413, 422),
    openapi_extra=raw_body("The file as its authors made it."),
)
async def put_dataset_file(
    name: Name,
    file: Annotated[str, Path(description="Name of a file of the data set.", max_length=100)],
    request: Request,
    services: Service,
) -> DatasetRead:
    """Bring a file of a data set to the server; its size and MD5 must be the published ones.

    It goes to the disk as it arrives, so its size is limited by its own alone.
    """
    upload = Upload(name, find_file(name, file), services.settings.resolved_data_dir)
    try:
        async for piece in pieces(request):
            await run_in_threadpool(upload.write, piece)
        await run_in_threadpool(upload.finish)
    finally:
        upload.discard()
    return await run_in_threadpool(get_dataset, name, services)


def _read(session: Session, services: Services, name: str) -> DatasetRead:
    moment = now(session)
    alive = [
        worker
        for worker, _ in workers.list_workers(session)
        if workers.status_of(worker, moment, services.settings.lease_seconds) == "alive"
    ]
    by_worker = {worker.id: worker.datasets[name] for worker in alive if name in worker.datasets}
    return dataset_read(name, services.settings.resolved_data_dir, by_worker)
