"""The sentences of a comparison."""

from __future__ import annotations

import pytest

from server.studies.significance import paired
from server.studies.verdict import Verdict, judge

BASE = {0: 0.90, 1: 0.91, 2: 0.92, 3: 0.905, 4: 0.915}


def shifted(*by: float) -> dict[int, float]:
    return {seed: BASE[seed] + difference for seed, difference in enumerate(by)}


def say(cell: dict[int, float], *, metric: str = "test_acc", goal: str = "maximize") -> Verdict:
    comparison = paired(cell, BASE)
    p = None if comparison is None else comparison.p_t
    return judge(
        name="channel", baseline="binary", metric=metric, goal=goal, comparison=comparison, p=p
    )


def test_a_clear_win_names_size_reach_p_and_seeds() -> None:
    verdict = say(shifted(0.004, 0.005, 0.003, 0.004, 0.005))
    assert verdict.finding == "better"
    assert verdict.sentence == "channel beats binary by 0.42 ± 0.10 points, p < 0.001, n = 5"


def test_a_clear_loss_is_a_loss_and_a_win_when_less_is_better() -> None:
    cell = shifted(-0.004, -0.005, -0.003, -0.004, -0.005)
    assert say(cell).sentence.startswith("channel is worse than binary by 0.42 ± 0.10 points")
    better = say(cell, metric="synops", goal="minimize")
    assert better.finding == "better"
    assert better.sentence == "channel beats binary by 0.0042 ± 0.00104, p < 0.001, n = 5"


def test_what_cannot_be_told_says_how_many_seeds_would() -> None:
    verdict = say(shifted(0.01, -0.004, 0.006))
    assert verdict.finding == "unclear"
    assert verdict.sentence == (
        "channel and binary cannot be told apart: +0.40 ± 1.79 points, p = 0.44, n = 3; "
        "too few seeds to tell: a difference of this size needs about 28"
    )


def test_a_difference_of_nothing_needs_no_more_seeds() -> None:
    verdict = say(shifted(0.01, -0.01, 0.01, -0.01))
    assert verdict.sentence.endswith("more seeds are unlikely to show a difference this small")


@pytest.mark.parametrize(
    ("cell", "sentence"),
    [
        ({}, "channel and binary have no seed in common yet"),
        ({9: 0.5}, "channel and binary have no seed in common yet"),
        ({0: 0.91}, "channel differs from binary by +1.00 points; one seed tells nothing"),
    ],
)
def test_too_little_is_not_tested(cell: dict[int, float], sentence: str) -> None:
    assert say(cell) == Verdict("untested", sentence)


def test_equal_on_every_seed_is_said_so() -> None:
    assert say(dict(BASE)).sentence == "channel equals binary on every seed, n = 5"
