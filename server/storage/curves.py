"""Curves of many runs side by side: whole series read once, and kept at their finest for plots."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.storage.models import Metric
from server.storage.thinning import thin

FINEST = 1000
"""Most points of a curve; an overlay of hundreds shows far fewer."""
NO_EPOCH = -1


@dataclass(frozen=True, slots=True)
class Curve:
    """One metric of one run by rising step, thinned out; `total` counts its stored points."""

    name: str
    total: int
    steps: NDArray[np.int64]
    values: NDArray[np.float64]
    epochs: NDArray[np.int64]
    """NO_EPOCH where a point has none."""

    def thinned(self, most: int) -> Curve:
        """With at most so many points: ends, and lowest and highest of the stretches between."""
        if len(self.steps) <= most:
            return self
        kept = thin(self.values, most)
        return Curve(self.name, self.total, self.steps[kept], self.values[kept], self.epochs[kept])


def read_curves(
    session: Session, run_id: str, names: Sequence[str] | None = None
) -> dict[str, Curve]:
    """The named metrics of a run, or all it has, each at its finest; one without points is empty.

    What comes out is the same whether it is kept for later or not: it is always thinned to
    FINEST first, and to what is asked for after that.
    """
    found = dict(_read(session, run_id, names))
    for name in names or ():
        found.setdefault(name, _curve(name, []))
    return found


def _read(
    session: Session, run_id: str, names: Sequence[str] | None
) -> Iterator[tuple[str, Curve]]:
    query = (
        select(Metric.name, Metric.step, Metric.value, Metric.epoch)
        .where(Metric.run_id == run_id)
        .order_by(Metric.name, Metric.step)
    )
    if names is not None:
        query = query.where(Metric.name.in_(list(names)))
    # As the driver gives them: of a long series, the mapper's rows cost most of the time.
    with session.connection().execute(query) as result:
        rows: Sequence[tuple[str, int, float, int | None]] = result.cursor.fetchall()
    for name, points in groupby(rows, key=itemgetter(0)):
        yield name, _curve(name, list(points))


def _curve(name: str, rows: Sequence[tuple[str, int, float, int | None]]) -> Curve:
    values = np.fromiter((row[2] for row in rows), dtype=np.float64, count=len(rows))
    kept = thin(values, FINEST)
    return Curve(
        name=name,
        total=len(rows),
        steps=np.array([rows[index][1] for index in kept], dtype=np.int64),
        values=values[kept],
        epochs=np.array(
            [NO_EPOCH if (epoch := rows[index][3]) is None else epoch for index in kept],
            dtype=np.int64,
        ),
    )
