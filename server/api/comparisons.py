"""Routes of comparisons: runs in groups with statistics, what differs, and curves side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic_core import to_json
from sqlalchemy.orm import Session

from server.api.comparison_schemas import (
    MOST_OVERLAID,
    DifferingField,
    GroupsRequest,
    OverlaysRead,
    OverlaysRequest,
    RunDifferences,
    RunGroups,
    RunKey,
    RunSelection,
)
from server.api.comparison_views import run_groups, whole_spec
from server.api.deps import Service
from server.api.filters import ScriptConfigs, check_metrics, compile_filter, names_field
from server.api.responses import problems
from server.errors import ComparisonError
from server.storage import runs
from server.storage.curves import NO_EPOCH, Curve
from server.storage.models import Run
from server.studies.groups import differing, identical

router = APIRouter(prefix="/runs", tags=["comparisons"])

MOST_GROUPED = 2000
READING_SECONDS = 5.0


@router.post("/groups", responses=problems(400, 413, 422))
def group_runs(body: GroupsRequest, services: Service) -> RunGroups:
    """Runs grouped by fields of their specs, each group with statistics of its metrics.

    Only runs that succeeded are averaged; all others are counted. At most 2,000 runs.
    """
    with services.db.read() as session:
        chosen = _select(session, body, most=MOST_GROUPED, doing="grouped")
    return run_groups(chosen, body)


@router.get("/differences", responses=problems(404, 422))
def compare_specs(
    services: Service,
    run_id: Annotated[
        list[RunKey],
        Query(description="Runs to compare, 2 or more.", min_length=2, max_length=MOST_OVERLAID),
    ],
) -> RunDifferences:
    """The fields in which the specs of some runs differ, and their values."""
    with services.db.read() as session:
        found = [runs.get_run(session, each) for each in dict.fromkeys(run_id)]
    specs = {run.id: whole_spec(run) for run in found}
    fields = differing(list(specs.values()))
    return RunDifferences(
        run_ids=list(specs),
        names=[run.name for run in found],
        fields=[
            DifferingField(name=name, values=[spec.get(name) for spec in specs.values()])
            for name in fields
        ],
        same=len({name for spec in specs.values() for name in spec}) - len(fields),
        identical=identical(specs),
    )


@router.post(
    "/overlays",
    response_class=Response,
    responses={
        **problems(400, 404, 413, 422),
        200: {"model": OverlaysRead, "description": "The curves."},
    },
)
def overlay_curves(body: OverlaysRequest, services: Service) -> Response:
    """Metrics of up to 200 runs, each thinned out to its ends and the extremes between.

    Runs that have ended are prepared; it takes a while where many are not yet, and then the
    answer names those that are left as pending.
    """
    with services.db.read() as session:
        if body.run_ids:
            found = [runs.get_run(session, each) for each in dict.fromkeys(body.run_ids)]
        else:
            found = _select(session, body, most=MOST_OVERLAID, doing="overlaid")
    ids, names = [run.id for run in found], list(dict.fromkeys(body.names))
    overlay = services.overlays.read(ids, names, seconds=READING_SECONDS)
    # Straight to bytes: to check a million numbers of our own again takes longer than all else.
    document = {
        "run_ids": ids,
        "series": [
            _columns(run_id, overlay.curves[run_id, name].thinned(body.points))
            for run_id in ids
            for name in names
            if (run_id, name) in overlay.curves
        ],
        "pending": overlay.pending,
    }
    return Response(to_json(document), media_type="application/json")


def _columns(run_id: str, curve: Curve) -> dict[str, object]:
    epochs: Sequence[int | None] = curve.epochs.tolist()
    if NO_EPOCH in epochs:
        epochs = [None if epoch == NO_EPOCH else epoch for epoch in epochs]
    return {
        "run_id": run_id,
        "name": curve.name,
        "total": curve.total,
        "steps": curve.steps.tolist(),
        "values": curve.values.tolist(),
        "epochs": epochs,
    }


def _select(session: Session, body: RunSelection, *, most: int, doing: str) -> list[Run]:
    """The selected runs, oldest first; raises ComparisonError for too many."""
    text = body.filter if body.filter and body.filter.strip() else None
    dialect = session.get_bind().dialect.name
    page = runs.list_runs(
        session,
        where=None if text is None else compile_filter(text, dialect, ScriptConfigs(session)),
        study_id=body.study_id,
        experiment=body.experiment,
        limit=most,
        # Archived runs are meant only where the selection says so, as in the list of runs.
        archived=None if body.study_id or (text and names_field(text, "archived")) else False,
    )
    if page.total > most:
        raise ComparisonError(
            "filter",
            f"{page.total} runs are selected, and at most {most} can be {doing} at once",
            "narrow the filter, or name a study or an experiment",
        )
    if text is not None and page.total == 0:
        check_metrics(session, text)
    return page.items[::-1]
