"""Routes of runs."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Query, Response

from rscore.spec import RunSpec
from server.api.deps import (
    Archived,
    Cursor,
    Deleted,
    IdempotencyKey,
    Limit,
    OfExperiment,
    OfStudy,
    RunId,
    SearchText,
    Service,
)
from server.api.filters import ScriptConfigs, check_metrics, compile_filter, names_field
from server.api.idempotency import once
from server.api.plan_schemas import RunPlan
from server.api.plan_views import run_estimate
from server.api.responses import problems
from server.api.schemas import (
    ArtifactList,
    LogLineRead,
    LogPage,
    RunChange,
    RunCreate,
    RunPage,
    RunRead,
)
from server.api.waking import wake
from server.api.wire import artifact_reads, run_read, run_summary
from server.errors import ConflictError, NotFoundError
from server.storage import artifacts, edits, logs, runs
from server.storage.states import RunStatus

router = APIRouter(prefix="/runs", tags=["runs"])

LARGEST_ID = 2**63 - 1


@router.post("", status_code=201, responses=problems(400, 409, 413, 422))
def create_run(
    body: RunCreate,
    services: Service,
    response: Response,
    background: BackgroundTasks,
    key: IdempotencyKey = None,
) -> RunRead:
    """Queue one run."""
    with services.db.write() as session:

        def create() -> str:
            return runs.create_run(
                session,
                name=body.name or _name(body.spec),
                experiment=body.experiment,
                tags=list(dict.fromkeys(body.tags)),
                priority=body.priority,
                spec=body.spec.model_dump(mode="json"),
                spec_digest=body.spec.digest(),
            ).id

        run_id = once(session, key, what="run", body=body, create=create)
    background.add_task(wake, services)
    response.headers["Location"] = f"/api/v1/runs/{run_id}"
    with services.db.read() as session:
        try:
            return run_read(session, runs.get_run(session, run_id))
        except NotFoundError as error:
            raise ConflictError(
                f"run {run_id}, which this Idempotency-Key made, was deleted; use a new key"
            ) from error


@router.post("/plan", responses=problems(400, 413, 422))
def plan_run(body: RunCreate, services: Service) -> RunPlan:
    """Say what a run document would queue and what the run will need; queue nothing."""
    with services.db.read() as session:
        return RunPlan(
            name=body.name or _name(body.spec),
            spec=body.spec,
            spec_digest=body.spec.digest(),
            estimate=run_estimate(session, body.spec),
        )


@router.get("", responses=problems(422))
def list_runs(
    services: Service,
    filter: Annotated[  # noqa: A002  the name on the wire
        str | None,
        Query(
            description='For example: status = "succeeded" and metrics.test_acc > 0.9 '
            'and spec.granularity in ("channel", "element") and has tag "paper"',
            max_length=2000,
        ),
    ] = None,
    status: Annotated[list[RunStatus], Query(description="Only in one of these states.")] = [],  # noqa: B006
    experiment: OfExperiment = None,
    text: SearchText = None,
    study_id: OfStudy = None,
    limit: Limit = 50,
    cursor: Cursor = None,
    deleted: Deleted = False,  # noqa: FBT002  the name on the wire
    archived: Archived = False,  # noqa: FBT002  the name on the wire
) -> RunPage:
    """Runs, newest first.

    Archived ones are left out unless they are asked for: by `archived`, by a filter that compares
    the field `archived`, or as runs of one study.
    """
    with services.db.read() as session:
        where = (
            compile_filter(filter, services.db.dialect, ScriptConfigs(session))
            if filter and filter.strip()
            else None
        )
        page = runs.list_runs(
            session,
            where=where,
            study_id=study_id,
            status=status,
            experiment=experiment,
            text=text,
            limit=limit,
            cursor=cursor or None,
            deleted=deleted,
            archived=archived or (None if deleted or _decides(filter, study_id) else False),
        )
        if filter and where is not None and page.total == 0:
            check_metrics(session, filter)
        return RunPage(
            items=[run_summary(run) for run in page.items],
            next_cursor=page.next_cursor,
            total=page.total,
        )


@router.get("/{run_id}", responses=problems(404, 422))
def get_run(run_id: RunId, services: Service) -> RunRead:
    """One run with its attempts and the model it made."""
    with services.db.read() as session:
        return run_read(session, runs.get_run(session, run_id))


@router.patch("/{run_id}", responses=problems(400, 404, 409, 413, 422))
def change_run(run_id: RunId, body: RunChange, services: Service) -> RunRead:
    """Change what people call a run and write about it; what is left out stays as it is."""
    written = edits.Edit(
        name=body.name, experiment=body.experiment, notes=body.notes, archived=body.archived
    )
    tags = edits.TagEdit(instead=body.tags, add=body.add_tags, remove=body.remove_tags)
    with services.db.write() as session:
        run = edits.edit_run(session, run_id, written, tags)
        session.flush()
        return run_read(session, run)


@router.post("/{run_id}/cancel", responses=problems(404, 409, 422))
def cancel_run(run_id: RunId, services: Service) -> RunRead:
    """Cancel a run: at once when it waits, at its next step when it is running."""
    with services.db.write() as session:
        run = runs.cancel_run(session, run_id)
        session.flush()
        return run_read(session, run)


@router.post("/{run_id}/retry", responses=problems(404, 409, 422))
def retry_run(run_id: RunId, services: Service, background: BackgroundTasks) -> RunRead:
    """Queue a failed or cancelled run again; it goes on from its last checkpoint."""
    with services.db.write() as session:
        run = runs.retry_run(session, run_id)
        session.flush()
        read = run_read(session, run)
    background.add_task(wake, services)
    return read


@router.delete("/{run_id}", status_code=204, responses=problems(404, 409, 422))
def delete_run(run_id: RunId, services: Service) -> None:
    """Delete a run that has ended, with its model; it can be restored until it is purged."""
    with services.db.write() as session:
        runs.delete_run(session, run_id)


@router.post("/{run_id}/restore", responses=problems(404, 409, 422))
def restore_run(run_id: RunId, services: Service) -> RunRead:
    """Bring a deleted run back, with its files and its model."""
    with services.db.write() as session:
        run = runs.restore_run(session, run_id)
        session.flush()
        return run_read(session, run)


@router.get("/{run_id}/log", responses=problems(404, 422))
def read_log(
    run_id: RunId,
    services: Service,
    limit: Annotated[int, Query(ge=1, le=5000, description="Most lines.")] = 200,
    after: Annotated[
        int, Query(ge=0, le=LARGEST_ID, description="Only lines after the one with this id.")
    ] = 0,
) -> LogPage:
    """The newest lines of a run's log, or those after a line."""
    with services.db.read() as session:
        runs.get_run(session, run_id)
        lines = logs.tail(session, run_id, limit=limit, after_id=after)
        return LogPage(items=[LogLineRead.model_validate(line) for line in lines])


@router.get("/{run_id}/artifacts", responses=problems(404, 422))
def list_artifacts(run_id: RunId, services: Service) -> ArtifactList:
    """Files of a run, oldest first."""
    with services.db.read() as session:
        runs.get_run(session, run_id)
        return ArtifactList(items=artifact_reads(artifacts.artifacts_of(session, run_id)))


def _decides(filter_text: str | None, study_id: str | None) -> bool:
    """True when what was asked for says by itself whether archived runs are meant."""
    named = filter_text is not None and filter_text.strip() and names_field(filter_text, "archived")
    return study_id is not None or bool(named)


def _name(spec: RunSpec) -> str:
    return (
        f"{spec.dataset} {spec.network} {spec.granularity} T={spec.num_timesteps} seed={spec.seed}"
    )
