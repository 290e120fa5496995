"""Routes of metrics and histograms."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from server.api.deps import RunId, Service
from server.api.responses import problems
from server.api.schemas import (
    HistogramSeries,
    HistogramsRead,
    MetricBatch,
    MetricSeries,
    MetricsRead,
    MetricsWritten,
)
from server.storage import histograms, metrics

router = APIRouter(prefix="/runs", tags=["metrics"])

MetricName = Annotated[str, Query(min_length=1, max_length=200, pattern=r"^[^\x00]+$")]


@router.get("/{run_id}/metrics", responses=problems(404, 422))
def read_metrics(
    run_id: RunId,
    services: Service,
    name: Annotated[
        list[MetricName], Query(description="Only these metrics; all when empty.", max_length=200)
    ] = [],  # noqa: B006
    max_points: Annotated[
        int, Query(ge=2, le=100_000, description="Most points a metric, thinned out beyond.")
    ] = 1000,
) -> MetricsRead:
    """Metrics of a run; a thinned series keeps its ends and the extremes between."""
    with services.db.read() as session:
        series = metrics.read_metrics(session, run_id, names=name or None, max_points=max_points)
        return MetricsRead(
            run_id=run_id, series=[MetricSeries.model_validate(each) for each in series]
        )


@router.post("/{run_id}/metrics", responses=problems(400, 404, 409, 413, 422))
async def write_metrics(run_id: RunId, body: MetricBatch, services: Service) -> MetricsWritten:
    """Write metrics; a (name, step) that exists is replaced.

    Own scripts write to a run that has ended, and to one of their own at any time; else they are
    refused with 409.
    """
    points = [
        (name, point.step, point.epoch, point.value)
        for name, values in body.metrics.items()
        for point in values
    ]
    return MetricsWritten(points=await services.metrics.write(run_id, points, attempt=body.attempt))


@router.get("/{run_id}/histograms", responses=problems(404, 422))
def read_histograms(
    run_id: RunId,
    services: Service,
    name: Annotated[
        list[MetricName],
        Query(
            description="These distributions at every step; only names when empty.", max_length=200
        ),
    ] = [],  # noqa: B006
) -> HistogramsRead:
    """Distributions of amplitudes and membranes of a run, epoch by epoch."""
    with services.db.read() as session:
        return HistogramsRead(
            run_id=run_id,
            names=histograms.histogram_names(session, run_id),
            series=[
                HistogramSeries.model_validate(each)
                for each in histograms.read_histograms(session, run_id, name)
            ],
        )
