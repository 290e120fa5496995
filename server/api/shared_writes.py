"""Metric batches of one run that arrive together share a transaction.

A run's row is locked while its metrics are written, so several writers to one run would only wait
for each other, batch by batch. Here a batch that finds the run busy waits in a line, and the next
transaction writes the whole line at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from starlette.concurrency import run_in_threadpool

from server.storage.database import Database
from server.storage.metrics import Point, check_points, write_metrics

MOST_POINTS = 20_000
"""A transaction takes no further batch once it has so many points."""

Key = tuple[str, int | None]
"""(run, attempt): whoever may write one of its batches may write them all."""


@dataclass(frozen=True, slots=True)
class _Batch:
    points: Sequence[Point]
    written: asyncio.Future[int]


@dataclass(slots=True)
class _Line:
    """Batches that wait for one run, and the task that writes them."""

    batches: list[_Batch] = field(default_factory=list)
    writer: asyncio.Task[None] | None = None


class SharedWrites:
    """Writes metrics for the requests of one event loop."""

    def __init__(self, db: Database, *, script_lease: float = 0.0) -> None:
        self._db = db
        self._script_lease = script_lease
        self._lines: dict[Key, _Line] = {}

    async def write(self, run_id: str, points: Sequence[Point], *, attempt: int | None) -> int:
        """`write_metrics` in a transaction that is committed when this returns."""
        check_points(points)
        batch = _Batch(points, asyncio.get_running_loop().create_future())
        key = (run_id, attempt)
        line = self._lines.setdefault(key, _Line())
        line.batches.append(batch)
        if line.writer is None:
            line.writer = asyncio.create_task(self._work_off(key, line))
        return await batch.written

    async def _work_off(self, key: Key, line: _Line) -> None:
        """Write what waits until nothing does."""
        while batches := _next(line):
            try:
                await run_in_threadpool(self._write, key, batches)
            except Exception as error:  # noqa: BLE001 - raised again, in every caller
                for batch in batches:
                    if not batch.written.done():
                        batch.written.set_exception(error)
            else:
                for batch in batches:
                    if not batch.written.done():  # as one is whose caller was cancelled
                        batch.written.set_result(len({point[:2] for point in batch.points}))
        del self._lines[key]

    def _write(self, key: Key, batches: Sequence[_Batch]) -> None:
        run_id, attempt = key
        points = [point for batch in batches for point in batch.points]
        with self._db.write() as session:
            write_metrics(session, run_id, points, attempt=attempt, script_lease=self._script_lease)


def _next(line: _Line) -> list[_Batch]:
    """Take the batches of the next transaction out of the line, in the order they came in."""
    taken, points = 0, 0
    while taken < len(line.batches) and points < MOST_POINTS:
        points += len(line.batches[taken].points)
        taken += 1
    batches = line.batches[:taken]
    del line.batches[:taken]
    return batches
