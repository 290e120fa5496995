"""Metrics: keyed by (run, name, step), written in bulk, read thinned out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Table, select, text
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from server.errors import ConflictError, MetricError
from server.storage import scripts
from server.storage.clock import now
from server.storage.events import emit
from server.storage.models import Metric, Run
from server.storage.runs import get_run
from server.storage.states import TERMINAL, RunSource
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
    SELECT :run_id, (CAST(:names AS varchar[]))[new.place], new.step, new.epoch, new.value,
        statement_timestamp()
    FROM unnest(
        CAST(:places AS integer[]), CAST(:steps AS bigint[]), CAST(:epochs AS integer[]),
        CAST(:numbers AS double precision[])
    ) AS new (place, step, epoch, value)
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
    session: Session,
    run_id: str,
    points: Sequence[Point],
    *,
    attempt: int | None,
    script_lease: float = 0.0,
) -> int:
    """Store points, replacing those with the same name and step; returns how many are stored.

    With an attempt, only the one that owns the run may write. Without, a person's own script
    writes: to a run of its own at any time, which keeps it alive for `script_lease` seconds, to
    any other once it has ended.
    """
    newest = {
        (name, step): (name, step, epoch, float(value)) for name, step, epoch, value in points
    }
    unique = list(newest.values())
    check_points(unique)
    run = _writable(session, run_id, attempt)
    if run.source == RunSource.SCRIPT:
        scripts.renew(session, run, script_lease)
    if not unique:
        return 0
    _upsert(session, run_id, unique)
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


def check_points(points: Sequence[Point]) -> None:
    """Raise MetricError for the first point that cannot be stored."""
    known: set[str] = set()
    for name, step, _, value in points:
        if name not in known or not 0 <= step <= LARGEST_STEP:
            check_key("metric", name, step)
            known.add(name)
        if not math.isfinite(value):
            raise MetricError(
                f"metric {name!r} at step {step} is {value}; leave out values that are not finite"
            )


def _writable(session: Session, run_id: str, attempt: int | None) -> Run:
    if attempt is not None:
        return lock_owned(session, run_id, attempt)
    run = lock_run(session, run_id)
    if run.status not in TERMINAL and run.source != RunSource.SCRIPT:
        # A worker that begins drops what was measured before it.
        raise ConflictError(
            f"run {run_id} is {run.status}, so only the attempt that trains it may write metrics; "
            "wait until it has ended"
        )
    return run


def _upsert(session: Session, run_id: str, points: Sequence[Point]) -> None:
    if session.get_bind().dialect.name == "postgresql":
        _upsert_arrays(session, run_id, points)
        return
    new = sqlite_insert(_TABLE)
    changed = {name: new.excluded[name] for name in ("epoch", "value", "recorded_at")}
    moment = now(session)
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


def _upsert_arrays(session: Session, run_id: str, points: Sequence[Point]) -> None:
    names, steps, epochs, values = zip(*points, strict=True)
    places = {name: place for place, name in enumerate(dict.fromkeys(names), start=1)}
    session.execute(
        _UPSERT,
        {
            "run_id": run_id,
            "names": list(places),
            "places": _array(places[name] for name in names),
            "steps": _array(steps),
            "epochs": _array("NULL" if epoch is None else epoch for epoch in epochs),
            "numbers": _array(values),
        },
    )


def _array(values: Iterable[object]) -> str:
    """A Postgres array of numbers as text, which costs a tenth of the driver's way."""
    return "{" + ",".join(map(str, values)) + "}"


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
    # As the driver gives them: of a long series, the mapper's rows cost most of the time.
    with session.connection().execute(query) as result:
        rows: Sequence[tuple[int, float, int | None]] = result.cursor.fetchall()
    kept = [rows[index] for index in thin([value for _, value, _ in rows], max_points)]
    return Series(
        name=name,
        total=len(rows),
        steps=[step for step, _, _ in kept],
        values=[value for _, value, _ in kept],
        epochs=[epoch for _, _, epoch in kept],
    )
