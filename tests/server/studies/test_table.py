from __future__ import annotations

import math
from typing import Any

import pytest

from server.studies.statistics import mean, sample_std
from server.studies.table import RunResult, complete, tabulate

CELLS = [{"granularity": "binary"}, {"granularity": "channel"}, {"granularity": "element"}]


def result(run_id: str, status: str, acc: float | None, **spec: Any) -> RunResult:
    return RunResult(run_id, status, spec, {} if acc is None else {"test_acc": acc}, "exact")


def test_mean_and_sample_standard_deviation() -> None:
    assert mean([]) is None
    assert sample_std([1.0]) is None
    assert mean([1.0, 2.0, 6.0]) == 3.0
    assert sample_std([1.0, 2.0, 6.0]) == pytest.approx(math.sqrt(7.0))


def test_failed_and_missing_runs_are_counted_and_never_averaged() -> None:
    results = [
        result("a", "succeeded", 0.9, granularity="binary"),
        result("b", "succeeded", 0.8, granularity="binary"),
        result("c", "failed", 0.1, granularity="binary"),
        result("d", "running", 0.2, granularity="channel"),
        result("e", "succeeded", None, granularity="channel"),
    ]

    binary, channel, element = tabulate(CELLS, ["granularity"], results)

    assert (binary.values("test_acc"), len(binary.results), binary.failed) == ([0.9, 0.8], 3, 1)
    assert binary.mean("test_acc") == pytest.approx(0.85)
    assert binary.std("test_acc") == pytest.approx(0.0707, abs=1e-4)
    assert binary.verdicts == {"exact": 3}
    assert (channel.mean("test_acc"), len(channel.results)) == (None, 2)
    assert (element.run_ids, element.mean("test_acc")) == ([], None)
    assert not complete(results)
    assert complete(results[:3])


def test_a_run_that_nobody_planned_is_shown() -> None:
    cells = tabulate(CELLS, ["granularity"], [result("a", "failed", None, granularity="layer")])

    assert [cell.levels["granularity"] for cell in cells] == [
        "binary",
        "channel",
        "element",
        "layer",
    ]
