"""Groups of any runs."""

from __future__ import annotations

from typing import Any

import pytest

from server.errors import ComparisonError
from server.studies import groups, significance
from server.studies.table import RunResult


def result(number: int, *, script: str | None = None, **changes: Any) -> RunResult:
    """A run that succeeded, unless `status` says otherwise; `acc` is its metric."""
    status = changes.pop("status", "succeeded")
    acc = changes.pop("acc", None)
    summary = {} if acc is None else {"acc": acc}
    return RunResult(f"run_{number}", status, changes, summary, script=script)


ABLATION = [
    result(1, lr=0.1, kind="a", seed=0, acc=0.5),
    result(2, lr=0.1, kind="b", seed=0, acc=0.7),
    result(3, lr=0.1, kind="a", seed=1, acc=0.6),
    result(4, lr=0.1, kind="b", seed=1, acc=0.75),
    result(5, lr=0.1, kind="b", seed=2, acc=0.8, status="failed"),
    result(6, lr=0.1, kind="a", seed=2),
]


def test_all_that_differs_except_the_seed_by_default() -> None:
    fields, found = groups.group(ABLATION, None)
    assert fields == ["kind"]
    first, second = found
    assert first.cell.levels == {"kind": "a"}
    assert first.cell.values("acc") == [0.5, 0.6]
    assert first.lacking("acc") == 1
    assert second.counts == {"succeeded": 2, "failed": 1}
    assert second.cell.values("acc") == [0.7, 0.75]


def test_runs_alike_in_all_but_the_seed_are_one_group() -> None:
    fields, (only,) = groups.group(ABLATION[:1] + ABLATION[2:3], None)
    assert (fields, only.cell.levels, only.mixed) == ([], {}, [])


def test_what_is_not_grouped_by_is_said_to_be_mixed() -> None:
    _, found = groups.group(ABLATION, ["lr"])
    assert [each.mixed for each in found] == [["kind"]]


def test_the_same_training_twice_counts_once() -> None:
    again = [
        result(1, lr=1, seed=0, acc=0.5),
        result(2, lr=1.0, seed=0, acc=0.6),
        result(3, lr=1, seed=0, status="failed"),
    ]
    _, (only,) = groups.group(again, None)
    assert only.cell.values("acc") == [0.6]
    assert only.repeats == 2
    assert len(only.results) == 3


def test_runs_without_a_seed_are_draws_of_their_own() -> None:
    _, (only,) = groups.group([result(1, lr=1, acc=0.5), result(2, lr=1, acc=0.6)], None)
    assert only.cell.values("acc") == [0.5, 0.6]
    assert only.repeats == 0


def test_scripts_never_share_a_group_with_workers() -> None:
    _, found = groups.group([result(1, lr=1, seed=0), result(2, lr=1, seed=0, script="x")], None)
    assert [each.cell.script for each in found] == [None, "x"]


def test_true_is_not_one_and_one_is_one_point_zero() -> None:
    assert groups.differing([{"a": 1, "b": 1}, {"a": 1.0, "b": True}]) == ["b"]


def test_a_missing_name_is_null() -> None:
    specs: dict[str, dict[str, Any]] = {"x": {"a": 1, "b": None}, "y": {"a": 1}, "z": {"a": 2}}
    assert groups.differing(list(specs.values())) == ["a"]
    assert groups.identical(specs) == [["x", "y"]]


def test_compared_as_studies_compare() -> None:
    _, found = groups.group(ABLATION, None)
    baseline = groups.find_baseline(found, {"kind": "a"})
    none, comparison = groups.compare(found, baseline, metric="acc", goal="maximize")
    assert none is None
    assert comparison is not None
    assert comparison.paired == significance.paired({0: 0.7, 1: 0.75}, {0: 0.5, 1: 0.6})
    assert comparison.verdict.sentence.startswith("b ")


def test_several_runs_of_one_seed_are_compared_by_their_mean() -> None:
    _, (only,) = groups.group(ABLATION, ["lr"])
    assert groups.by_seed(only.cell, "acc") == {0: pytest.approx(0.6), 1: pytest.approx(0.675)}


def test_holm_over_the_groups() -> None:
    runs = [
        result(10 * kind + seed, kind=kind, seed=seed, acc=kind * (0.1 + 0.01 * (seed % 3)))
        for kind in (1, 2, 3)
        for seed in range(6)
    ]
    _, found = groups.group(runs, None)
    compared = groups.compare(found, found[0], metric="acc", goal="maximize")
    raw = [each.paired.p_t if each and each.paired else None for each in compared]
    assert [each.p if each else None for each in compared] == significance.holm(raw)


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"kind": "c"}, 'no group has kind = "c"'),
        ({"kid": "a"}, "no group has kid"),
        ({}, "2 groups"),
    ],
)
def test_a_baseline_is_one_group(wanted: dict[str, Any], said: str) -> None:
    _, found = groups.group(ABLATION, None)
    with pytest.raises(ComparisonError, match=said):
        groups.find_baseline(found, wanted)


def test_the_baseline_may_be_a_script() -> None:
    _, found = groups.group([result(1, lr=1, seed=0), result(2, lr=1, seed=0, script="x")], None)
    assert groups.find_baseline(found, {"script": "x"}) is found[1]


def test_unknown_names_are_refused_with_the_nearest() -> None:
    with pytest.raises(ComparisonError) as refused:
        groups.group(ABLATION, ["knd"])
    assert refused.value.hint == "did you mean 'kind'?"
    with pytest.raises(ComparisonError) as refused:
        groups.check_metrics(["ac"], ABLATION)
    assert refused.value.hint == "did you mean 'acc'?"
    groups.check_metrics(["ac"], [])
    assert groups.group([], ["anything"]) == (["anything"], [])
