from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.studies.search.stopping import Halving, Median, hyperband_rungs, pareto_front

RULE = Halving(rungs=(1, 3), eta=3)


def curve(*values: float) -> dict[int, float]:
    return dict(enumerate(values, 1))


def test_the_first_trials_go_on_because_nothing_is_known_yet() -> None:
    assert RULE.stops(curve(0.1), [], "maximize") is None
    assert RULE.stops(curve(0.1), [curve(0.9)], "maximize") is None
    assert Halving(rungs=(1,), strict=True).stops(curve(0.1), [curve(0.9)], "maximize") == 1


def test_only_the_best_third_passes_a_rung() -> None:
    others = [curve(value) for value in (0.1, 0.2, 0.3, 0.4, 0.5)]
    assert RULE.stops(curve(0.6), others, "maximize") is None
    assert RULE.stops(curve(0.45), others, "maximize") is None
    assert RULE.stops(curve(0.35), others, "maximize") == 1
    assert RULE.stops(curve(0.05), others, "minimize") is None
    assert RULE.stops(curve(0.35), others, "minimize") == 1


def test_a_later_rung_stops_what_passed_the_first() -> None:
    others = [curve(0.5, 0.6, 0.9), curve(0.4, 0.6, 0.9), curve(0.3, 0.5)]
    assert RULE.stops(curve(0.6, 0.6, 0.1), others, "maximize") == 3


def test_between_rungs_nothing_is_stopped() -> None:
    others = [curve(0.5, 0.9)] * 5
    assert RULE.stops(curve(0.5, 0.1), others, "maximize") is None


def test_equals_pass_together() -> None:
    assert RULE.stops(curve(0.5), [curve(0.5)] * 5, "maximize") is None


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.integers(2, 5))
def test_a_rung_lets_at_least_one_and_about_one_in_eta_pass(values: list[float], eta: int) -> None:
    rule = Halving(rungs=(1,), eta=eta, strict=True)
    curves = [curve(value) for value in values]
    passed = [
        value
        for place, value in enumerate(values)
        if rule.stops(curves[place], curves[:place] + curves[place + 1 :], "maximize") is None
    ]
    assert max(values) in passed
    bound = sorted(values, reverse=True)[max(1, len(values) // eta) - 1]
    assert passed == [value for value in values if value >= bound]


def test_the_median_rule_needs_company_and_takes_the_best_so_far() -> None:
    rule = Median(min_trials=3)
    others = [curve(0.1, 0.5), curve(0.1, 0.6), curve(0.1, 0.7)]
    assert rule.stops(curve(0.1, 0.2), others[:2], "maximize") is None
    assert rule.stops(curve(0.1, 0.2), others, "maximize") == 2
    assert rule.stops(curve(0.65, 0.2), others, "maximize") is None
    assert Median(min_epoch=3, min_trials=1).stops(curve(0.1, 0.2), others, "maximize") is None
    assert rule.stops({}, others, "maximize") is None


@pytest.mark.parametrize(
    ("given_", "rungs"),
    [
        ({"min_iter": 3}, (3, 9)),
        ({"min_iter": 1}, (1, 3, 9)),
        ({"min_iter": 30}, ()),
        ({"max_iter": 27, "s": 2}, (3, 9)),
        ({"max_iter": 27, "s": 3}, (1, 3, 9)),
        ({}, ()),
    ],
)
def test_the_rungs_of_hyperband(given_: dict[str, int], rungs: tuple[int, ...]) -> None:
    spelled = {"min_iter": None, "max_iter": None, "s": 2, **given_}
    assert hyperband_rungs(**spelled, eta=3, epochs=27) == rungs


def test_rungs_grow_with_a_fractional_eta() -> None:
    assert hyperband_rungs(min_iter=1, max_iter=None, s=2, eta=1.5, epochs=6) == (1, 2, 3, 5)


def test_the_pareto_front_holds_what_nothing_beats() -> None:
    points = [(0.9, 10.0), (0.8, 5.0), (0.85, 20.0), (0.9, 10.0), (0.7, 5.0)]
    assert pareto_front(points, ["maximize", "minimize"]) == [0, 1, 3]
    assert pareto_front([], ["maximize", "minimize"]) == []
