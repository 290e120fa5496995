"""Routes of what a study found: its best runs, and which parameters mattered."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query

from server.api.deps import Service, StudyId
from server.api.responses import problems
from server.api.sweep_schemas import StudyBest, StudyImportance
from server.api.sweep_views import importance_read, measured, study_best
from server.storage import studies

router = APIRouter(prefix="/studies", tags=["studies"])


@router.get("/{study_id}/best", responses=problems(404, 422))
def get_study_best(study_id: StudyId, services: Service) -> StudyBest:
    """The best run of a study, or with several objectives its Pareto front.

    Runs that failed or were stopped early are counted and never best. Each setting of a sweep was
    tried once, so the best of many looks better than it is.
    """
    with services.db.read() as session:
        return study_best(session, studies.get_study(session, study_id))


@router.get("/{study_id}/importance", responses=problems(404, 422))
def get_study_importance(
    study_id: StudyId,
    services: Service,
    metric: Annotated[
        str | None,
        Query(description="Metric to explain; the study's own when empty.", max_length=200),
    ] = None,
    epoch: Annotated[
        Annotated[int, Query(ge=1, le=10_000)] | Literal["last"] | None,
        Query(
            description="Compare all runs at this epoch, or `last`: what those that were trained "
            "to the end came to. When empty, `last`, but of a study that stops runs early the "
            "first epoch at which it may."
        ),
    ] = None,
) -> StudyImportance:
    """Which parameters mattered: the share of the metric's variance that each explains."""
    with services.db.read() as session:
        given = measured(session, studies.get_study(session, study_id), metric, epoch)
    return importance_read(given)
