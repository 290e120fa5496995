"""Route of files that people's own scripts add to a run."""

from __future__ import annotations

import re
from typing import Annotated

import structlog
from fastapi import APIRouter, Header, Path, Request
from starlette.concurrency import run_in_threadpool

from server.api.bodies import pieces, raw_body
from server.api.deps import RunId, Service
from server.api.incoming import Incoming
from server.api.responses import problems
from server.api.schemas import ArtifactRead
from server.api.services import Services
from server.errors import ConflictError, NotFoundError, StorageUnavailableError
from server.storage import own_files, runs
from server.storage.artifact_files import StoredFile

router = APIRouter(prefix="/runs", tags=["artifacts"])

MIB = 1024**2
OTHER_MEDIA_TYPE = "application/octet-stream"
_MEDIA_TYPE = re.compile(r"[\w.+-]{1,49}/[\w.+-]{1,50}", re.ASCII)

log = structlog.get_logger(__name__)

FileName = Annotated[
    str,
    Path(
        description="Name under which the run shows it; no slashes, no dot at its beginning.",
        pattern=r"^[^\x00-\x1f\x7f/\\.][^\x00-\x1f\x7f/\\]{0,199}$",
    ),
]
Sha256 = Annotated[
    str | None,
    Header(
        alias="X-Content-SHA256",
        description="SHA-256 of the file in hexadecimal digits; other bytes are refused.",
        pattern=r"^[0-9A-Fa-f]{64}$",
    ),
]


@router.put(
    "/{run_id}/files/{name}",
    responses=problems(404, 409, 413, 422),
    openapi_extra=raw_body("The file; its Content-Type is kept."),
)
async def put_run_file(
    run_id: RunId, name: FileName, request: Request, services: Service, sha256: Sha256 = None
) -> ArtifactRead:
    """Add a file to a run that no worker trains.

    The same bytes again change nothing; other bytes under the same name replace the file, which
    then has a new id.
    """
    await run_in_threadpool(_check_run, services, run_id)
    incoming = Incoming(name, limit=services.settings.largest_file_mb * MIB)
    try:
        incoming.check_size(_announced(request))
        async for piece in pieces(request):
            await run_in_threadpool(incoming.write, piece)
        incoming.finish(sha256)
        return await run_in_threadpool(
            _keep, services, run_id, name, _media_type(request), incoming
        )
    finally:
        incoming.discard()


def _check_run(services: Services, run_id: str) -> None:
    """Raise what would be raised at the end, before a large file has come all the way."""
    with services.db.read() as session:
        own_files.check_idle(runs.get_run(session, run_id))


def _announced(request: Request) -> int:
    length = request.headers.get("content-length", "")
    return int(length) if length.isdecimal() else 0


def _media_type(request: Request) -> str:
    named = request.headers.get("content-type", "").partition(";")[0].strip()
    return named if _MEDIA_TYPE.fullmatch(named) else OTHER_MEDIA_TYPE


def _keep(
    services: Services, run_id: str, name: str, media_type: str, incoming: Incoming
) -> ArtifactRead:
    with services.db.read() as session:
        known = own_files.same_file(session, run_id, name, incoming.sha256)
    if known is not None:
        return ArtifactRead.model_validate(known)
    stored = services.files.put(incoming.path, own_files.new_key(run_id))
    recorded = _record(services, run_id, name, media_type, stored)
    if recorded.unneeded is not None:
        _delete(services, recorded.unneeded)
    return ArtifactRead.model_validate(recorded.artifact)


def _record(
    services: Services, run_id: str, name: str, media_type: str, stored: StoredFile
) -> own_files.Recorded:
    try:
        with services.db.write() as session:
            return own_files.record(
                session, run_id, name=name, media_type=media_type, stored=stored
            )
    except (ConflictError, NotFoundError):
        # Only where it is certain that nothing was recorded: a commit can get lost on its way back.
        _delete(services, stored.location)
        raise


def _delete(services: Services, location: str) -> None:
    try:
        services.files.delete(location)
    except StorageUnavailableError as error:
        log.warning("file not deleted", location=location, error=str(error))
