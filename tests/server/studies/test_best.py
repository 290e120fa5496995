from __future__ import annotations

from typing import Any

from server.studies.best import Candidate, best_of
from server.studies.spec import parse_study

SWEEP: dict[str, Any] = {"method": "random", "parameters": {"lr": {"min": 0.001, "max": 0.1}}}
ONE = parse_study(SWEEP)
TWO = parse_study({**SWEEP, "objectives": [{"name": "synops"}]})


def candidate(name: str, status: str = "succeeded", **summary: float) -> Candidate:
    pruned = status == "pruned"
    return Candidate(
        run_id=f"run_{name}",
        name=name,
        status="cancelled" if pruned else status,
        levels={"lr": 0.0123456, "granularity": "channel"},
        summary=summary,
        pruned=pruned,
    )


def test_the_best_run_was_trained_to_its_end() -> None:
    best = best_of(
        ONE,
        [
            candidate("low", test_acc=0.8),
            candidate("high", test_acc=0.9),
            candidate("as high", test_acc=0.9),
            candidate("stopped", "pruned", test_acc=0.99),
            candidate("broken", "failed", test_acc=0.98),
            candidate("on its way", "running", test_acc=0.97),
            candidate("without", train_acc=0.99),
            candidate("diverged", test_acc=float("nan")),
        ],
    )
    assert [each.name for each in best.front] == ["high"]
    assert (best.finished, best.pruned, best.failed) == (3, 1, 1)
    assert best.sentences() == [
        "best: high (run_high): test_acc 90.00 %; lr 0.01235, granularity channel"
    ]
    assert best_of(ONE, []).sentences() == []


def test_a_loss_is_best_when_it_is_small() -> None:
    document = parse_study({**SWEEP, "metric": "test_loss"})
    best = best_of(document, [candidate("a", test_loss=0.5), candidate("b", test_loss=0.2)])
    assert [each.name for each in best.front] == ["b"]


def test_several_objectives_have_a_front() -> None:
    best = best_of(
        TWO,
        [
            candidate("thrifty", test_acc=0.8, synops=1000),
            candidate("beaten", test_acc=0.8, synops=2000),
            candidate("exact", test_acc=0.9, synops=30_000),
            candidate("stopped", "pruned", test_acc=0.99, synops=1),
        ],
    )
    assert [each.name for each in best.front] == ["exact", "thrifty"]
    assert best.values(best.front[0]) == [0.9, 30_000]
    assert best.sentences()[:2] == [
        "Pareto front over test_acc (maximize) and synops (minimize), runs that no other beats:",
        "exact (run_exact): test_acc 90.00 %, synops 30,000; lr 0.01235, granularity channel",
    ]
