"""Histograms: replaced, fenced, truncated when another attempt resumes."""

from __future__ import annotations

import math
from typing import Any

import pytest

from server.errors import MetricError, NotFoundError, StaleAttemptError
from server.storage import events, histograms, lifecycle
from server.storage.database import Database
from server.storage.histograms import Bins, HistogramSeries
from server.storage.states import RunStatus
from tests.support.runs import claim_run, run_in


def bins(name: str = "amplitude/conv1", step: int = 1, **changes: Any) -> Bins:
    return Bins(
        **{
            "name": name,
            "step": step,
            "epoch": step // 10,
            "low": -0.5,
            "high": 1.5,
            "counts": [3, 0, 5],
            **changes,
        }
    )


def write(db: Database, run_id: str, *found: Bins, attempt: int = 1) -> None:
    with db.write() as session:
        histograms.write_histograms(session, run_id, found, attempt=attempt)


def read(db: Database, run_id: str, *names: str) -> list[HistogramSeries]:
    with db.read() as session:
        return histograms.read_histograms(session, run_id, names)


def names_of(db: Database, run_id: str) -> list[str]:
    with db.read() as session:
        return histograms.histogram_names(session, run_id)


def test_round_trip_by_rising_step(db: Database) -> None:
    run_id = run_in(db, RunStatus.RUNNING)
    write(db, run_id, bins(step=20, low=0.1 + 0.2, counts=[2**53 - 1]), bins(step=10, epoch=None))
    write(db, run_id, bins("membrane/conv1"))

    assert names_of(db, run_id) == ["amplitude/conv1", "membrane/conv1"]
    assert read(db, run_id, "amplitude/conv1", "none") == [
        HistogramSeries(
            name="amplitude/conv1",
            steps=[10, 20],
            epochs=[None, 2],
            lows=[-0.5, 0.1 + 0.2],
            highs=[1.5, 1.5],
            counts=[[3, 0, 5], [2**53 - 1]],
        ),
        HistogramSeries("none", [], [], [], [], []),
    ]


def test_the_same_step_is_replaced_within_a_batch_and_later(db: Database) -> None:
    run_id = run_in(db, RunStatus.RUNNING)
    write(db, run_id, bins(counts=[1]), bins(counts=[2, 2]))
    assert read(db, run_id, "amplitude/conv1")[0].counts == [[2, 2]]
    write(db, run_id, bins(low=0.0, counts=[4]))
    (series,) = read(db, run_id, "amplitude/conv1")
    assert (series.lows, series.counts) == ([0.0], [[4]])


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"low": math.nan}, "finite edges"),
        ({"high": math.inf}, "finite edges"),
        ({"low": 2.0}, "low below high"),
        ({"counts": []}, "0 bins"),
        ({"counts": [0] * 1001}, "1001 bins"),
        ({"counts": [-1]}, "a count"),
        ({"step": -1}, "step -1"),
        ({"name": ""}, "histogram name"),
    ],
)
def test_what_cannot_be_stored_is_named_and_nothing_is_written(
    db: Database, wrong: dict[str, Any], says: str
) -> None:
    run_id = run_in(db, RunStatus.RUNNING)
    with pytest.raises(MetricError, match=says):
        write(db, run_id, bins("good"), bins(**wrong))
    assert names_of(db, run_id) == []


def test_a_superseded_attempt_writes_nothing(db: Database) -> None:
    run_id = run_in(db, RunStatus.RUNNING)
    with db.write() as session:
        lifecycle.hand_back(session, run_id, 1, reason="drained")
    assert claim_run(db, run_id) == 2
    with pytest.raises(StaleAttemptError):
        write(db, run_id, bins(), attempt=1)
    assert names_of(db, run_id) == []


@pytest.mark.parametrize(("step", "kept"), [(20, [10, 20]), (0, [])])
def test_an_attempt_that_resumes_drops_what_came_after_its_checkpoint(
    db: Database, step: int, kept: list[int]
) -> None:
    run_id, other = run_in(db, RunStatus.RUNNING), run_in(db, RunStatus.RUNNING)
    for each in (run_id, other):
        write(db, each, *(bins(step=at) for at in (10, 20, 30)))
    with db.write() as session:
        lifecycle.hand_back(session, run_id, 1, reason="drained")
    claim_run(db, run_id)
    with db.write() as session:
        lifecycle.set_resumed(session, run_id, 2, step)

    assert read(db, run_id, "amplitude/conv1")[0].steps == kept
    assert read(db, other, "amplitude/conv1")[0].steps == [10, 20, 30]


def test_the_event_names_what_is_new(db: Database) -> None:
    run_id = run_in(db, RunStatus.RUNNING)
    write(db, run_id, bins("b", 3), bins("a", 2))
    with db.read() as session:
        event = events.after(session, 0)[-1]
    assert (event.kind, event.data) == ("histograms", {"names": ["a", "b"], "step": 3})


def test_a_run_that_is_not_there(db: Database) -> None:
    with pytest.raises(NotFoundError):
        names_of(db, "run_nowhere")
    with pytest.raises(NotFoundError):
        read(db, "run_nowhere", "a")
