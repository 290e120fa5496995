"""Histograms: keyed by (run, name, step) like metrics, read whole by name."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import cast

from sqlalchemy import Table, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from server.errors import MetricError
from server.storage.clock import now
from server.storage.events import emit
from server.storage.metrics import check_key
from server.storage.models import Histogram
from server.storage.runs import get_run
from server.storage.transitions import lock_owned

_TABLE = cast(Table, Histogram.__table__)
_VALUES = ("epoch", "low", "high", "counts", "recorded_at")

MOST_BINS = 1000
LARGEST_COUNT = 2**53 - 1
"""More than this, JSON's readers round."""


@dataclass(frozen=True, slots=True)
class Bins:
    """Counts of values in equal-width bins between `low` and `high`, at one optimiser step."""

    name: str
    step: int
    epoch: int | None
    low: float
    high: float
    counts: list[int]


@dataclass(frozen=True, slots=True)
class HistogramSeries:
    """One distribution of one run by rising step."""

    name: str
    steps: list[int]
    epochs: list[int | None]
    lows: list[float]
    highs: list[float]
    counts: list[list[int]]


def write_histograms(session: Session, run_id: str, found: Sequence[Bins], *, attempt: int) -> None:
    """Store distributions, replacing those with the same name and step.

    Raises:
        MetricError: one that cannot be stored; nothing is.
        StaleAttemptError: the attempt does not own the run.
    """
    for each in found:
        _check(each)
    run = lock_owned(session, run_id, attempt)
    newest = {(each.name, each.step): each for each in found}
    if not newest:
        return
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    new = dialect.insert(_TABLE)
    moment = now(session)
    session.execute(
        new.on_conflict_do_update(
            index_elements=["run_id", "name", "step"],
            set_={name: new.excluded[name] for name in _VALUES},
        ),
        [asdict(each) | {"run_id": run_id, "recorded_at": moment} for each in newest.values()],
    )
    data = {
        "names": sorted({name for name, _ in newest}),
        "step": max(step for _, step in newest),
    }
    emit(session, "histograms", run_id=run_id, study_id=run.study_id, data=data)


def _check(found: Bins) -> None:
    check_key("histogram", found.name, found.step)
    at = f"histogram {found.name!r} at step {found.step}"
    if not (math.isfinite(found.low) and math.isfinite(found.high) and found.low < found.high):
        raise MetricError(f"{at} needs finite edges, low below high; got {found.low}, {found.high}")
    if not 1 <= len(found.counts) <= MOST_BINS:
        raise MetricError(f"{at} has {len(found.counts)} bins; 1 to {MOST_BINS} can be stored")
    if any(not 0 <= count <= LARGEST_COUNT for count in found.counts):
        raise MetricError(f"{at} has a count that is not between 0 and {LARGEST_COUNT}")


def histogram_names(session: Session, run_id: str) -> list[str]:
    """Names of all distributions of a run, sorted."""
    get_run(session, run_id)
    query = select(Histogram.name).where(Histogram.run_id == run_id)
    return list(session.scalars(query.distinct().order_by(Histogram.name)))


def read_histograms(session: Session, run_id: str, names: Sequence[str]) -> list[HistogramSeries]:
    """The named distributions at every step; one that is not there is an empty series."""
    get_run(session, run_id)
    return [_series(session, run_id, name) for name in dict.fromkeys(names)]


def _series(session: Session, run_id: str, name: str) -> HistogramSeries:
    query = (
        select(Histogram)
        .where(Histogram.run_id == run_id, Histogram.name == name)
        .order_by(Histogram.step)
    )
    rows = session.scalars(query).all()
    return HistogramSeries(
        name=name,
        steps=[row.step for row in rows],
        epochs=[row.epoch for row in rows],
        lows=[row.low for row in rows],
        highs=[row.high for row in rows],
        counts=[row.counts for row in rows],
    )
