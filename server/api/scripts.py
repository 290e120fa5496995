"""Routes of runs that people's own scripts train."""

from __future__ import annotations

from fastapi import APIRouter, Response

from rscore.flat import digest
from server.api.deps import IdempotencyKey, RunId, Service
from server.api.idempotency import once
from server.api.responses import problems
from server.api.schemas import RunRead, ScriptBeat, ScriptEnd, ScriptRunCreate
from server.api.wire import run_read
from server.errors import ConflictError, NotFoundError
from server.storage import runs, scripts
from server.storage.scripts import Script
from server.storage.states import RunStatus

router = APIRouter(prefix="/runs", tags=["runs"])


@router.post("/scripts", status_code=201, responses=problems(400, 404, 409, 413, 422))
def begin_script_run(
    body: ScriptRunCreate, services: Service, response: Response, key: IdempotencyKey = None
) -> RunRead:
    """Begin a run that a script of one's own trains: no worker claims it.

    Sent again with the same `id`, or the same key, it begins nothing twice.
    """
    lease = services.settings.script_lease_seconds
    with services.db.write() as session:

        def create() -> str:
            return scripts.begin(session, _script(body), run_id=body.id, lease_seconds=lease).id

        run_id = once(session, key or body.id, what="script run", body=body, create=create)
    response.headers["Location"] = f"/api/v1/runs/{run_id}"
    with services.db.read() as session:
        try:
            return run_read(session, runs.get_run(session, run_id))
        except NotFoundError as error:
            raise ConflictError(
                f"run {run_id}, which this id or Idempotency-Key made, was deleted; use a new one"
            ) from error


@router.post("/{run_id}/beat", responses=problems(404, 409, 422))
def beat_script_run(run_id: RunId, services: Service) -> ScriptBeat:
    """Say that the script of a run is at work, and learn whether it should go on.

    A run that was taken for lost goes on.
    """
    lease = services.settings.script_lease_seconds
    with services.db.write() as session:
        run = scripts.beat(session, run_id, lease_seconds=lease)
        return ScriptBeat(status=RunStatus(run.status), lease_seconds=lease)


@router.post("/{run_id}/finish", responses=problems(400, 404, 409, 413, 422))
def finish_script_run(run_id: RunId, body: ScriptEnd, services: Service) -> RunRead:
    """End the run of a script. The first end stands, unless the run was only taken for lost."""
    with services.db.write() as session:
        run = scripts.finish(
            session,
            run_id,
            RunStatus(body.status),
            exit=None if body.exit_code is None else f"exit code {body.exit_code}",
            detail=body.detail,
            finished_at=body.finished_at,
        )
        session.flush()
        return run_read(session, run)


def _script(body: ScriptRunCreate) -> Script:
    return Script(
        name=body.name,
        experiment=body.experiment,
        tags=body.tags,
        notes=body.notes,
        config=body.config,
        digest=digest(body.config),
        study_id=body.study_id,
        host=body.host,
        device=body.device,
        started_at=body.started_at,
    )
