from __future__ import annotations

import random
import subprocess
import sys
from typing import Any

import pytest

from server.studies.search.dimension import Choice, Dimension, Normal, Span, Whole
from server.studies.search.importance import FEWEST, MOST, importance

DIMENSIONS = [
    Dimension("lr", Span(1e-3, 1e-1, log=True)),
    Dimension("granularity", Choice(["binary", None, True])),
    Dimension("v_threshold", Normal(1.0, 0.1)),
    Dimension("spike", Choice(["binary"])),
]


def points(count: int) -> list[tuple[dict[str, Any], float]]:
    """Runs on which lr tells most, granularity some, and v_threshold nothing."""
    draw = random.Random(0)
    found = []
    for _ in range(count):
        drawn = {
            "lr": draw.uniform(1e-3, 1e-1),
            "granularity": draw.choice(["binary", None, True]),
            "v_threshold": draw.random(),
            "spike": "binary",
        }
        found.append((drawn, 20 * drawn["lr"] + 0.5 * (drawn["granularity"] is None)))
    return found


def test_parameters_are_ranked_by_what_they_explain() -> None:
    found = importance(DIMENSIONS, points(60))
    assert list(found.shares)[:2] == ["lr", "granularity"]
    assert found.shares["v_threshold"] < 0.05
    assert found.shares["spike"] == 0
    assert sum(found.shares.values()) == pytest.approx(1)
    assert (found.runs, found.notice) == (60, None)
    assert found.sentence("test_acc", 2).startswith(
        "importance for test_acc at epoch 2, over 60 runs: lr "
    )


def test_the_same_runs_give_the_same_shares() -> None:
    assert importance(DIMENSIONS, points(20)) == importance(DIMENSIONS, points(20))


def test_where_nothing_can_be_said_it_says_why() -> None:
    few = importance(DIMENSIONS, points(FEWEST - 1))
    assert (few.runs, few.shares) == (9, {})
    assert few.sentence("test_acc", None) == (
        "importance for test_acc: 9 runs are too few to tell: it needs 10"
    )
    equal = importance(DIMENSIONS, [(drawn, 0.5) for drawn, _ in points(20)])
    assert "the same value" in (equal.notice or "")
    assert "no parameter varies" in (importance([], points(20)).notice or "")
    diverged = importance(DIMENSIONS, [(drawn, float("nan")) for drawn, _ in points(20)])
    assert "0 runs are too few" in (diverged.notice or "")


def test_a_parameter_that_only_some_runs_have_is_left_out_by_name() -> None:
    width = Dimension("surrogate_width", Whole(1, 4), {"granularity": [None]})
    found = importance([*DIMENSIONS, width], points(20))
    assert dict(found.left_out) == {"surrogate_width": "not every run has it"}
    assert "surrogate_width" not in found.shares
    only = importance([width], points(20))
    assert only.notice == "no parameter was drawn for every run"


def test_of_very_many_runs_an_even_part_is_used() -> None:
    draw = random.Random(0)
    lr = [Dimension("lr", Span(0.0, 1.0))]
    found = importance(lr, [({"lr": draw.random()}, draw.random()) for _ in range(MOST + 1)])
    assert found.runs == (MOST + 2) // 2


def test_it_needs_no_torch() -> None:
    code = """
import sys
from server.studies.search.dimension import Dimension, Whole
from server.studies.search.importance import importance
assert "optuna" not in sys.modules
assert importance([Dimension("a", Whole(1, 20))], [({"a": n}, n) for n in range(1, 21)]).shares
assert "torch" not in sys.modules
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
