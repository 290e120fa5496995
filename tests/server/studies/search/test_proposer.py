from __future__ import annotations

import statistics
from collections import Counter
from typing import Any

import pytest

from server.studies.search.dimension import Choice, Dimension, Normal, Span, Whole
from server.studies.search.proposer import Method, propose
from server.studies.search.trials import Tried

LR = Dimension("lr", Span(1e-4, 1e-1, log=True))
DECAY = Dimension("decay", Span(0.05, 1.0))
KIND = Dimension("granularity", Choice(["binary", "channel", "element"]))


def draw(
    dimensions: list[Dimension], count: int, method: Method = "random"
) -> list[dict[str, Any]]:
    tried: list[Tried] = []
    fields = []
    for _ in range(count):
        proposal = propose(method, dimensions, tried, goals=["maximize"], study_id="stu_1")
        tried.append(Tried(proposal.drawn, [0.5], "done"))
        fields.append(proposal.fields)
    return fields


def test_the_same_runs_give_the_same_proposal_whoever_asks() -> None:
    tried = [Tried({"lr": 0.01, "granularity": "channel"}, [0.9], "done")]
    methods: list[Method] = ["random", "bayes", "gp"]
    for method in methods:
        asked = [
            propose(method, [LR, KIND], tried, goals=["maximize"], study_id="stu_1")
            for _ in range(2)
        ]
        assert asked[0] == asked[1]
    other = propose("random", [LR, KIND], tried, goals=["maximize"], study_id="stu_2")
    again = propose("random", [LR, KIND], tried, goals=["maximize"], study_id="stu_1", redraw=1)
    first = propose("random", [LR, KIND], tried, goals=["maximize"], study_id="stu_1")
    assert len({proposal.fields["lr"] for proposal in (other, again, first)}) == 3


def test_random_draws_keep_to_their_distributions() -> None:
    dimensions = [
        LR,
        Dimension("batch_size", Whole(16, 18)),
        Dimension("decay", Span(0.0, 1.0, q=0.25)),
        Dimension("v_threshold", Normal(1.0, 0.1)),
        Dimension("spike", Choice(["binary", "ternary"], [0.9, 0.1])),
    ]
    found = draw(dimensions, 200)
    rates = [fields["lr"] for fields in found]
    assert all(1e-4 <= rate <= 1e-1 for rate in rates)
    assert 1e-3 < statistics.median(rates) < 1e-2
    assert {fields["batch_size"] for fields in found} == {16, 17, 18}
    assert {fields["decay"] for fields in found} == {0.0, 0.25, 0.5, 0.75, 1.0}
    thresholds = [fields["v_threshold"] for fields in found]
    assert statistics.mean(thresholds) == pytest.approx(1.0, abs=0.03)
    assert statistics.stdev(thresholds) == pytest.approx(0.1, abs=0.02)
    assert 160 <= Counter(fields["spike"] for fields in found)["binary"] <= 195


def test_a_logarithmic_step_is_written_as_people_do() -> None:
    found = draw([Dimension("surrogate_width", Span(0.1, 1.0, q=0.1))], 30)
    assert {len(str(fields["surrogate_width"])) for fields in found} == {3}


def test_a_condition_holds_back_a_field() -> None:
    width = Dimension("surrogate_width", Span(0.5, 2.0), when={"surrogate": ["triangle"]})
    surrogate = Dimension("surrogate", Choice(["triangle", "rectangle"]))
    methods: list[Method] = ["random", "tpe"]
    for method in methods:
        for fields in draw([surrogate, width], 30, method):
            assert ("surrogate_width" in fields) == (fields["surrogate"] == "triangle")


@pytest.mark.parametrize("method", ["bayes", "gp"])
def test_a_model_finds_the_optimum_better_than_chance(method: Method) -> None:
    def objective(fields: dict[str, Any]) -> float:
        return -((fields["decay"] - 0.7) ** 2) + (0.1 if fields["granularity"] == "channel" else 0)

    tried: list[Tried] = []
    values: list[float] = []
    for _ in range(30):
        proposal = propose(method, [DECAY, KIND], tried, goals=["maximize"], study_id="stu_1")
        values.append(objective(proposal.fields))
        tried.append(Tried(proposal.drawn, [values[-1]], "done"))
    assert statistics.mean(values[20:]) > statistics.mean(values[:10]) + 0.02
    assert max(values) > 0.095


def test_open_pruned_and_failed_trials_are_taken_into_account() -> None:
    tried = [
        Tried({"lr": 0.01}),
        Tried({"lr": 0.02}, state="pruned", last=0.3),
        Tried({"lr": 0.03}, state="pruned"),
        Tried({"lr": 0.04}, state="failed"),
    ] + [Tried({"lr": 0.001 * number}, [0.5], "done") for number in range(1, 12)]
    proposal = propose("tpe", [LR], tried, goals=["maximize"], study_id="stu_1")
    assert 1e-4 <= proposal.fields["lr"] <= 1e-1


def test_two_objectives_are_searched_together() -> None:
    tried = [
        Tried({"decay": 0.05 * number}, [0.05 * number, 100.0 - number], "done")
        for number in range(1, 15)
    ]
    tried.append(Tried({"decay": 0.5}, state="pruned", last=0.2))
    for method in ("tpe", "gp", "random"):
        found = propose(method, [DECAY], tried, goals=["maximize", "minimize"], study_id="stu_1")
        assert 0.05 <= found.fields["decay"] <= 1.0
