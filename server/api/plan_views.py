"""What the API says of a run or a study before it is queued: an estimate of what it will need."""

from __future__ import annotations

from functools import cache

from pydantic import ValidationError
from sqlalchemy.orm import Session

from rscore.spec import RunSpec
from server.api.plan_schemas import EstimateRange, RunEstimate, StudyPlan
from server.storage import workers
from server.storage.history import finished_runs
from server.studies.expand import Plan, extreme_specs
from server.studies.forecast import Estimate, Past, Span, altogether, estimate, spanning
from server.studies.remarks import remarks
from server.studies.spec import StudyDocument

HISTORY = 100
"""Finished runs of a kind that are looked at."""


def run_estimate(session: Session, spec: RunSpec) -> RunEstimate:
    """The estimate of one run."""
    return _read(estimate(spec, _history(session, spec.dataset, spec.network, spec.num_timesteps)))


def study_plan(
    session: Session, document: StudyDocument, plan: Plan, *, lost_after: float
) -> StudyPlan:
    """What a study would queue, with an estimate for each cell; of a sweep, one for any trial."""

    @cache
    def history(dataset: str, network: str, num_timesteps: int) -> list[Past]:
        return _history(session, dataset, network, num_timesteps)

    specs = extreme_specs(document) if plan.trials else [run.spec for run in plan.first_seed]
    found = [estimate(s, history(s.dataset, s.network, s.num_timesteps)) for s in specs]
    if plan.trials:
        found = [spanning(found)]
    slots = workers.slots(session, lost_after)
    runs = len(plan.runs) or plan.trials
    at_once = min(slots, document.parallel or slots)
    total = altogether(found, times=runs // len(found), slots=at_once)
    return StudyPlan(
        runs=runs,
        factors=plan.factors,
        cells=plan.cells,
        seeds=plan.seeds,
        remarks=remarks(document, plan),
        estimates=[_read(each) for each in found],
        slots=slots,
        seconds=None if total is None else _span(total),
    )


def _history(session: Session, dataset: str, network: str, num_timesteps: int) -> list[Past]:
    rows = finished_runs(
        session, dataset=dataset, network=network, num_timesteps=num_timesteps, limit=HISTORY
    )
    history = []
    for stored, summary, seconds, device in rows:
        try:
            spec = RunSpec.model_validate(stored)
        except ValidationError:
            continue  # stored by a version that knew other fields
        history.append(Past(spec, summary, seconds, device))
    return history


def _read(found: Estimate) -> RunEstimate:
    return RunEstimate(
        parameters=_span(found.parameters),
        neurons=_span(found.neurons),
        macs=_span(found.macs),
        synops=_span(found.synops),
        spikes=_span(found.spikes),
        firing_rate=_span(found.firing_rate),
        memory_bytes=_span(found.memory_bytes),
        seconds=None if found.seconds is None else _span(found.seconds),
        basis=found.basis,
    )


def _span(span: Span) -> EstimateRange:
    return EstimateRange(low=span.low, high=span.high)
