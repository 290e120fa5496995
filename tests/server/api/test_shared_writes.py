"""Metric batches that share a transaction: together or not, each is stored whole."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence

import pytest

from server.api import shared_writes
from server.api.shared_writes import SharedWrites
from server.errors import MetricError, StaleAttemptError
from server.storage import events, metrics
from server.storage.database import Database
from server.storage.metrics import Point
from server.storage.states import RunStatus
from server.storage.transitions import lock_run
from tests.support.runs import get, run_in

Answer = int | BaseException


def batch(name: str, steps: Sequence[int], value: float = 0.0) -> list[Point]:
    return [(name, step, None, value) for step in steps]


def written_while_busy(
    db: Database, run_id: str, batches: Sequence[list[Point]], *, attempt: int = 1
) -> list[Answer]:
    """Answers to these batches, all in line behind a first one that somebody else held up."""

    async def write_all() -> list[Answer]:
        shared = SharedWrites(db)
        with db.write() as session:
            lock_run(session, run_id)
            first = asyncio.create_task(shared.write(run_id, batch("first", [1]), attempt=attempt))
            await asyncio.sleep(0)
            rest = [
                asyncio.create_task(shared.write(run_id, points, attempt=attempt))
                for points in batches
            ]
            await asyncio.sleep(0)
        answers = await asyncio.gather(first, *rest, return_exceptions=True)
        assert shared._lines == {}
        return answers[1:]

    return asyncio.run(write_all())


def transactions(db: Database, run_id: str) -> list[list[str]]:
    """Metric names of each transaction, in order."""
    with db.read() as session:
        told = events.after(session, 0, run_id=run_id)
    return [event.data["names"] for event in told if event.kind == "metrics"]


def test_alone_it_is_a_write_like_any_other(db: Database) -> None:
    run_id = run_in(db, RunStatus.SUCCEEDED)

    async def write() -> None:
        shared = SharedWrites(db)
        points = [*batch("a", [1, 2, 2]), *batch("b", [1])]
        assert await shared.write(run_id, points, attempt=None) == 3
        assert await shared.write(run_id, [], attempt=None) == 0

    asyncio.run(write())
    assert get(db, run_id).summary == {"a": 0.0, "b": 0.0}
    assert transactions(db, run_id) == [["a", "b"]]


def test_what_waits_is_written_at_once(db: Database) -> None:
    run_id = run_in(db, RunStatus.RUNNING)
    batches = [batch(f"m{number}", range(number + 1)) for number in range(5)]
    assert written_while_busy(db, run_id, batches) == [1, 2, 3, 4, 5]
    assert transactions(db, run_id) == [["first"], ["m0", "m1", "m2", "m3", "m4"]]
    assert get(db, run_id).summary == {"first": 0.0, **{f"m{number}": 0.0 for number in range(5)}}


def test_of_the_same_point_the_later_batch_stays(db: Database) -> None:
    run_id = run_in(db, RunStatus.RUNNING)
    batches = [batch("a", [1, 2], 1.0), batch("a", [2, 3], 2.0), batch("a", [1], 3.0)]
    assert written_while_busy(db, run_id, batches) == [2, 2, 1]
    with db.read() as session:
        (series,) = metrics.read_metrics(session, run_id, names=["a"], max_points=10)
    assert (series.steps, series.values) == ([1, 2, 3], [3.0, 2.0, 2.0])


def test_a_transaction_ends_at_its_size(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_writes, "MOST_POINTS", 4)
    run_id = run_in(db, RunStatus.RUNNING)
    batches = [batch(f"m{number}", range(3)) for number in range(4)]
    assert written_while_busy(db, run_id, batches) == [3, 3, 3, 3]
    assert transactions(db, run_id) == [["first"], ["m0", "m1"], ["m2", "m3"]]


def test_a_batch_that_cannot_be_stored_fails_alone(db: Database) -> None:
    run_id = run_in(db, RunStatus.RUNNING)
    batches = [batch("a", [1]), batch("bad", [1], math.nan), batch("a", [2])]
    one, error, two = written_while_busy(db, run_id, batches)
    assert (one, two) == (1, 1)
    assert isinstance(error, MetricError)
    assert get(db, run_id).summary == {"first": 0.0, "a": 0.0}


def test_a_refusal_reaches_every_caller(db: Database) -> None:
    run_id = run_in(db, RunStatus.RUNNING)
    answers = written_while_busy(db, run_id, [batch("a", [n]) for n in range(4)], attempt=7)
    assert [type(answer) for answer in answers] == [StaleAttemptError] * 4
    assert get(db, run_id).summary == {}


def test_one_who_gives_up_takes_nothing_from_the_others(db: Database) -> None:
    run_id = run_in(db, RunStatus.RUNNING)

    async def write() -> None:
        shared = SharedWrites(db)
        with db.write() as session:
            lock_run(session, run_id)
            tasks = [
                asyncio.create_task(shared.write(run_id, batch(name, [1]), attempt=1))
                for name in ("a", "b", "c")
            ]
            await asyncio.sleep(0)
            tasks[1].cancel()
        assert [await tasks[0], await tasks[2]] == [1, 1]

    asyncio.run(write())
    assert {"a", "c"} <= set(get(db, run_id).summary)


def test_processes_at_once_lose_nothing(db: Database) -> None:
    run_id = run_in(db, RunStatus.RUNNING)

    async def write() -> None:
        processes = [SharedWrites(db), SharedWrites(db)]

        async def send(writer: int) -> None:
            for turn in range(8):
                points = batch(f"w{writer}", range(turn * 10, turn * 10 + 10), turn)
                assert await processes[writer % 2].write(run_id, points, attempt=1) == 10

        await asyncio.gather(*(send(writer) for writer in range(8)))

    asyncio.run(write())
    with db.read() as session:
        found = metrics.read_metrics(session, run_id, names=None, max_points=1000)
    assert [(series.name, series.steps) for series in found] == [
        (f"w{writer}", list(range(80))) for writer in range(8)
    ]
    assert get(db, run_id).summary == {f"w{writer}": 7.0 for writer in range(8)}
