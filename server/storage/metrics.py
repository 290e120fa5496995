"""Metrics: keyed by (run, name, step), written in bulk, read thinned out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table, select, text
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from server.errors import ConflictError, MetricError
from server.storage.clock import now
from server.storage.events import emit
from server.storage.models import Metric, Run
from server.storage.runs import get_run
from server.storage.states import RunStatus
from server.storage.summaries import metric_names, newest_values
from server.storage.thinning import thin
from server.storage.transitions import lock_owned, lock_run

Point = tuple[str, int, int | None, float]
"""(name, step, epoch, value)."""

_TABLE = cast(Table, Metric.__table__)  # as a table: the mapper's bulk insert costs twice the time

EVENT_POINTS = 100
LARGEST_STEP = 2**63 - 1
LONGEST_NAME = 200

_UPSERT = text(
    """
    INSERT INTO metric (run_id, name, step, epoch, value, recorded_at)
    SELECT :run_id, new.name, new.step, new.epoch, new.value, :recorded_at
    FROM unnest(
        CAST(:names AS varchar[]), CAST(:steps AS bigint[]), CAST(:epochs AS integer[]),
        CAST(:numbers AS double precision[])
    ) AS new (name, step, epoch, value)
    ON CONFLICT (run_id, name, step) DO UPDATE
    SET epoch = excluded.epoch, value = excluded.value, recorded_at = excluded.recorded_at
    """
)


@dataclass(frozen=True, slots=True)
class Series:
    """One metric of one run by rising step; `total` counts stored points."""

    name: str
    total: int
    steps: list[int]
    values: list[float]
    epochs: list[int | None]


def write_metrics(
    session: Session, run_id: str, points: Sequence[Point], *, attempt: int | None
) -> int:
    """Store points, replacing those with the same name and step; returns how many are stored.

    With an attempt, only the one that owns the run may write. Without, a person's own script
    writes, while no worker trains the run.
    """
    newest = {
        (name, step): (name, step, epoch, float(value)) for name, step, epoch, value in points
    }
    for point in newest.values():
        _check(point)
    run = _writable(session, run_id, attempt)
    if not newest:
        return 0
    unique = list(newest.values())
    _upsert(session, run_id, unique, now(session))
    names = {name for name, _, _, _ in unique}
    run.summary = {**run.summary, **newest_values(session, run_id, names)}
    emit(session, "metrics", run_id=run_id, study_id=run.study_id, data=_event(unique))
    return len(unique)


def check_key(noun: str, name: str, step: int) -> None:
    """Raise MetricError for a name or a step under which nothing can be stored."""
    if not 1 <= len(name) <= LONGEST_NAME or "\x00" in name:
        raise MetricError(f"{noun} name {name[:80]!r} must have 1 to {LONGEST_NAME} characters")
    if not 0 <= step <= LARGEST_STEP:
        raise MetricError(f"{noun} {name!r}: step {step} is not between 0 and {LARGEST_STEP}")


def _check(point: Point) -> None:
    name, step, _, value = point
    check_key("metric", name, step)
    if not math.isfinite(value):
        raise MetricError(
            f"metric {name!r} at step {step} is {value}; leave out values that are not finite"
        )


def _writable(session: Session, run_id: str, attempt: int | None) -> Run:
    if attempt is not None:
        return lock_owned(session, run_id, attempt)
    run = lock_run(session, run_id)
    if run.status == RunStatus.RUNNING:
        raise ConflictError(
            f"run {run_id} is running, so only its attempt {run.attempt} may write metrics; "
            "wait until it has ended"
        )
    return run


def _upsert(session: Session, run_id: str, points: list[Point], moment: datetime) -> None:
    if session.get_bind().dialect.name == "postgresql":
        names, steps, epochs, values = (list(column) for column in zip(*points, strict=True))
        session.execute(
            _UPSERT,
            {
                "run_id": run_id,
                "recorded_at": moment,
                "names": names,
                "steps": steps,
                "epochs": epochs,
                "numbers": values,
            },
        )
        return
    new = sqlite_insert(_TABLE)
    changed = {name: new.excluded[name] for name in ("epoch", "value", "recorded_at")}
    rows = [
        {
            "run_id": run_id,
            "name": name,
            "step": step,
            "epoch": epoch,
            "value": value,
            "recorded_at": moment,
        }
        for name, step, epoch, value in points
    ]
    session.execute(
        new.on_conflict_do_update(index_elements=["run_id", "name", "step"], set_=changed), rows
    )


def _event(points: list[Point]) -> dict[str, Any]:
    latest = sorted(points, key=lambda point: point[1])[-EVENT_POINTS:]
    by_name: dict[str, list[list[Any]]] = {}
    for name, step, epoch, value in latest:
        by_name.setdefault(name, []).append([step, value, epoch])
    return {
        "names": sorted({point[0] for point in points}),
        "step": latest[-1][1],
        "points": by_name,
    }


def read_metrics(
    session: Session, run_id: str, *, names: Sequence[str] | None, max_points: int
) -> list[Series]:
    """Series of the named metrics, or of all, each thinned out to at most `max_points`.

    A thinned series keeps the first and last point, and the lowest and highest of each stretch
    between. A named metric that has no points is an empty series.
    """
    get_run(session, run_id)
    wanted = metric_names(session, run_id) if names is None else list(dict.fromkeys(names))
    return [_series(session, run_id, name, max_points) for name in wanted]


def _series(session: Session, run_id: str, name: str, max_points: int) -> Series:
    query = (
        select(Metric.step, Metric.value, Metric.epoch)
        .where(Metric.run_id == run_id, Metric.name == name)
        .order_by(Metric.step)
    )
    rows = session.execute(query).all()
    kept = [rows[index] for index in thin([row.value for row in rows], max_points)]
    return Series(
        name=name,
        total=len(rows),
        steps=[row.step for row in kept],
        values=[row.value for row in kept],
        epochs=[row.epoch for row in kept],
    )
