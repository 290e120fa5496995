"""`/metrics` for Prometheus: figures of the database, and what this process counts."""

from __future__ import annotations

from collections.abc import Iterable

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, Metric, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from server.api.deps import Service
from server.api.telemetry import Telemetry
from server.storage.figures import DURATION_BOUNDS, ENDINGS, Figures
from server.storage.states import AttemptOutcome, RunStatus
from server.storage.webhook_deliveries import STATES

router = APIRouter()


@router.get("/metrics", include_in_schema=False)
async def scrape(request: Request, services: Service) -> Response:
    """Everything that Prometheus should know; answers also while the database is away."""
    telemetry: Telemetry = request.app.state.telemetry
    figures = await services.monitor.figures()
    # On the event loop: threads may all be waiting for the very store that is away.
    text = generate_latest(Exposition(figures)) + telemetry.text()
    return Response(text, media_type=CONTENT_TYPE_PLAIN_0_0_4)


class Exposition(Collector):
    """Figures as families of metrics; without figures only that the database is away."""

    def __init__(self, figures: Figures | None) -> None:
        self._figures = figures

    def collect(self) -> Iterable[Metric]:
        """Every family, in one order."""
        up = GaugeMetricFamily(
            "realspike_up", "1 when a dependency answered just now, else 0.", labels=["dependency"]
        )
        up.add_metric(["database"], 0.0 if self._figures is None else 1.0)
        yield up
        if self._figures is not None:
            yield from _queue(self._figures)
            yield from _workers(self._figures)
            yield from _attempts(self._figures)
            yield from _stores(self._figures)
            yield _by_label(
                "realspike_webhook_deliveries",
                "What webhooks are told, by where it stands; kept for 30 days.",
                "state",
                STATES,
                self._figures.webhook_deliveries,
            )


def _queue(figures: Figures) -> Iterable[Metric]:
    yield _by_label(
        "realspike_runs", "Runs that are not deleted.", "status", RunStatus, figures.runs
    )
    queue = figures.queue
    yield GaugeMetricFamily(
        "realspike_queue_depth", "Queued runs that a worker could claim.", queue.waiting
    )
    yield GaugeMetricFamily(
        "realspike_queue_oldest_age_seconds",
        "How long the oldest queued run could have been claimed; 0 without one.",
        queue.oldest_seconds,
    )
    yield GaugeMetricFamily(
        "realspike_queue_backing_off",
        "Queued runs that lost a worker and wait for their back-off to end.",
        queue.backing_off,
    )
    yield GaugeMetricFamily(
        "realspike_queue_held",
        "Queued runs whose study has as many running as it may.",
        queue.held,
    )
    yield GaugeMetricFamily(
        "realspike_queue_stalled_seconds",
        "How long a run has waited although a worker was free; 0 when none has.",
        figures.stalled_seconds,
    )


def _workers(figures: Figures) -> Iterable[Metric]:
    yield _by_label(
        "realspike_workers",
        "Workers that did not stop in order; lost ones for a day.",
        "status",
        ("alive", "quarantined", "draining", "lost"),
        figures.workers,
    )
    yield GaugeMetricFamily(
        "realspike_slots", "Runs that the workers alive can train at once.", figures.slots
    )
    yield GaugeMetricFamily(
        "realspike_slots_free", "Runs that they could take on now.", figures.free_slots
    )
    yield GaugeMetricFamily(
        "realspike_scheduler_silence_seconds",
        "Time since a scheduler was last at work; +Inf when none ever was.",
        figures.scheduler_silence_seconds,
    )


def _attempts(figures: Figures) -> Iterable[Metric]:
    ended = [outcome for outcome in AttemptOutcome if outcome is not AttemptOutcome.RUNNING]
    outcomes = CounterMetricFamily(
        "realspike_attempts", "Attempts that ended, by how.", labels=["outcome"]
    )
    for outcome in ended:
        outcomes.add_metric([outcome], figures.attempts.get(outcome, 0))
    yield outcomes
    yield CounterMetricFamily(
        "realspike_leases_lost",
        "Attempts that lost their lease: the worker died or was cut off.",
        figures.attempts.get(AttemptOutcome.LOST, 0),
    )
    yield CounterMetricFamily(
        "realspike_refused_writes",
        "Writes that were refused because the attempt owned its run no longer.",
        figures.refused_writes,
    )
    yield _durations(figures)


def _durations(figures: Figures) -> Metric:
    family = HistogramMetricFamily(
        "realspike_run_duration_seconds",
        "From the start of a run's first attempt to the end of the one that ended it.",
        labels=["status"],
    )
    for status in ENDINGS:
        known = figures.durations.get(status)
        at_most = known.at_most if known else (0,) * len(DURATION_BOUNDS)
        count, milliseconds = (known.count, known.milliseconds) if known else (0, 0)
        bounds = [str(float(bound)) for bound in DURATION_BOUNDS]
        buckets = [*zip(bounds, at_most, strict=True), ("+Inf", count)]
        family.add_metric([status], buckets, milliseconds / 1000)
    return family


def _stores(figures: Figures) -> Iterable[Metric]:
    yield GaugeMetricFamily(
        "realspike_ingest_lag_seconds",
        "Longest time that none of a running run's metrics was stored; 0 without a run.",
        figures.ingest_lag_seconds,
    )
    yield GaugeMetricFamily(
        "realspike_artifact_stored_bytes",
        "Bytes of all recorded files, those of deleted runs until they are purged.",
        figures.artifact_bytes,
    )


def _by_label(
    name: str, text: str, label: str, values: Iterable[str], counts: dict[str, int]
) -> Metric:
    family = GaugeMetricFamily(name, text, labels=[label])
    for value in values:
        family.add_metric([value], counts.get(value, 0))
    return family
