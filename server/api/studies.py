"""Routes of studies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Literal

from fastapi import APIRouter, BackgroundTasks, Query, Request, Response
from sqlalchemy.orm import Session

from server.api.deps import (
    Archived,
    Cursor,
    Deleted,
    IdempotencyKey,
    Limit,
    OfExperiment,
    SearchText,
    Service,
    StudyId,
)
from server.api.idempotency import once
from server.api.plan_schemas import StudyPlan
from server.api.plan_views import study_plan
from server.api.responses import problems
from server.api.schemas import StudyChange, StudyPage, StudyRead, StudyTable
from server.api.study_checks import check_metrics
from server.api.study_views import study_reads, study_report, study_table
from server.api.waking import wake
from server.errors import ConflictError, NotFoundError
from server.storage import edits, runs, studies
from server.studies.expand import Plan, expand, stored_fields
from server.studies.report import Report, as_csv, html, latex, markdown
from server.studies.spec import StudyDocument

router = APIRouter(prefix="/studies", tags=["studies"])

FORMATS: Mapping[str, tuple[str, Callable[[Report], str]]] = {
    "markdown": ("text/markdown", markdown),
    "latex": ("application/x-latex", latex),
    "csv": ("text/csv", as_csv),
    "html": ("text/html", html),
}


@router.post("", status_code=201, responses=problems(400, 409, 413, 422))
def create_study(
    body: StudyDocument,
    services: Service,
    response: Response,
    background: BackgroundTasks,
    key: IdempotencyKey = None,
) -> StudyRead:
    """Queue every run of a study document."""
    plan = expand(body, run_limit=services.settings.study_run_limit)
    check_metrics(services.db, body)
    with services.db.write() as session:
        study_id = once(
            session, key, what="study", body=body, create=lambda: _create(session, body, plan)
        )
    background.add_task(wake, services)
    response.headers["Location"] = f"/api/v1/studies/{study_id}"
    with services.db.read() as session:
        try:
            return study_reads(session, [studies.get_study(session, study_id)])[0]
        except NotFoundError as error:
            raise ConflictError(
                f"study {study_id}, which this Idempotency-Key made, was deleted; use a new key"
            ) from error


@router.post("/plan", responses=problems(400, 413, 422))
def plan_study(body: StudyDocument, services: Service) -> StudyPlan:
    """Say what a study document would queue and what its runs will need; queue nothing."""
    plan = expand(body, run_limit=services.settings.study_run_limit)
    check_metrics(services.db, body)
    with services.db.read() as session:
        return study_plan(session, body, plan, lost_after=services.settings.lease_seconds)


@router.get("", responses=problems(422))
def list_studies(
    services: Service,
    experiment: OfExperiment = None,
    text: SearchText = None,
    limit: Limit = 50,
    cursor: Cursor = None,
    deleted: Deleted = False,  # noqa: FBT002  the name on the wire
    archived: Archived = False,  # noqa: FBT002  the name on the wire
) -> StudyPage:
    """Studies, newest first; archived ones are left out unless they are asked for."""
    with services.db.read() as session:
        page = studies.list_studies(
            session,
            experiment=experiment,
            text=text,
            limit=limit,
            cursor=cursor or None,
            deleted=deleted,
            archived=archived or (None if deleted else False),
        )
        return StudyPage(
            items=study_reads(session, page.items), next_cursor=page.next_cursor, total=page.total
        )


@router.get("/{study_id}", responses=problems(404, 422))
def get_study(study_id: StudyId, services: Service) -> StudyRead:
    """One study and where it stands."""
    with services.db.read() as session:
        return study_reads(session, [studies.get_study(session, study_id)])[0]


@router.get("/{study_id}/table", responses=problems(404, 422))
def get_study_table(
    study_id: StudyId,
    services: Service,
    metric: Annotated[
        str | None,
        Query(description="Metric to compare; the study's own when empty.", max_length=200),
    ] = None,
) -> StudyTable:
    """The comparison table: one row a combination of levels, failed runs counted beside."""
    with services.db.read() as session:
        return study_table(session, studies.get_study(session, study_id), metric)


@router.get(
    "/{study_id}/report",
    response_class=Response,
    responses={
        **problems(404, 422),
        200: {
            "description": "The report in the format that was asked for.",
            "content": {media: {"schema": {"type": "string"}} for media, _ in FORMATS.values()},
        },
    },
)
def get_study_report(
    study_id: StudyId,
    services: Service,
    request: Request,
    format: Annotated[  # noqa: A002  the name on the wire
        Literal["markdown", "latex", "csv", "html"], Query(description="How it is written.")
    ] = "markdown",
    metric: Annotated[
        str | None,
        Query(description="Metric to compare; the study's own when empty.", max_length=200),
    ] = None,
) -> Response:
    """The comparison table with verdicts, notes and references, to be put into a paper or sent on.

    The table as JSON is what `/table` answers.
    """
    with services.db.read() as session:
        study = studies.get_study(session, study_id)
        report = study_report(session, study, metric, f"{request.base_url}runs/")
    media, write = FORMATS[format]
    return Response(write(report), media_type=f"{media}; charset=utf-8")


@router.post("/{study_id}/cancel", responses=problems(404, 409, 422))
def cancel_study(study_id: StudyId, services: Service) -> StudyRead:
    """Cancel every open run of a study."""
    with services.db.write() as session:
        studies.cancel_study(session, study_id)
        session.flush()
        return study_reads(session, [studies.get_study(session, study_id)])[0]


@router.post("/{study_id}/pause", responses=problems(404, 409, 422))
def pause_study(study_id: StudyId, services: Service) -> StudyRead:
    """Let no further run of a study begin; those that run go on to their end."""
    with services.db.write() as session:
        study = studies.pause_study(session, study_id)
        session.flush()
        return study_reads(session, [study])[0]


@router.post("/{study_id}/resume", responses=problems(404, 409, 422))
def resume_study(study_id: StudyId, services: Service, background: BackgroundTasks) -> StudyRead:
    """Go on with a paused study."""
    with services.db.write() as session:
        study = studies.resume_study(session, study_id)
        session.flush()
        read = study_reads(session, [study])[0]
    background.add_task(wake, services)
    return read


@router.patch("/{study_id}", responses=problems(400, 404, 413, 422))
def change_study(study_id: StudyId, body: StudyChange, services: Service) -> StudyRead:
    """Change how a study's runs queue, what people call it, or what they write about it."""
    written = edits.Edit(
        name=body.name, experiment=body.experiment, notes=body.notes, archived=body.archived
    )
    with services.db.write() as session:
        studies.change_study(session, study_id, priority=body.priority, parallel=body.parallel)
        study = edits.edit_study(session, study_id, written)
        session.flush()
        return study_reads(session, [study])[0]


@router.delete("/{study_id}", status_code=204, responses=problems(404, 409, 422))
def delete_study(study_id: StudyId, services: Service) -> None:
    """Delete a study whose runs have all ended, with its runs and models, until it is purged."""
    with services.db.write() as session:
        studies.delete_study(session, study_id)


@router.post("/{study_id}/restore", responses=problems(404, 422))
def restore_study(study_id: StudyId, services: Service) -> StudyRead:
    """Bring a deleted study back, with the runs and models that were deleted with it."""
    with services.db.write() as session:
        study = studies.restore_study(session, study_id)
        session.flush()
        return study_reads(session, [study])[0]


def _create(session: Session, document: StudyDocument, plan: Plan) -> str:
    study = studies.create_study(
        session,
        name=document.name,
        experiment=document.experiment,
        document=document.model_dump(mode="json", exclude_unset=True),
        factors=plan.factors,
        metric=document.metric.name,
        goal=document.metric.goal,
        trials=plan.trials or None,
        parallel=document.parallel,
    )
    for planned in plan.runs:
        runs.create_run(session, **stored_fields(document, planned), study_id=study.id)
    return study.id
