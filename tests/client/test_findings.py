"""What a study found, as the command line says it."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from client.cli.findings import print_best, print_importance
from client.wire import StudyBest, StudyImportance
from tests.client.conftest import Realspike

BEST: StudyBest = {
    "study_id": "stu_1",
    "objectives": [{"name": "test_acc", "goal": "maximize"}],
    "runs": [
        {
            "run_id": "run_1",
            "name": "sweep trial 7",
            "levels": {"lr": 0.0123456789, "granularity": "channel"},
            "values": [0.9833],
        }
    ],
    "finished": 6,
    "pruned": 18,
    "failed": 0,
}
IMPORTANCE: StudyImportance = {
    "study_id": "stu_1",
    "metric": "test_acc",
    "epoch": 1,
    "runs": 24,
    "shares": [{"name": "lr", "share": 0.95}, {"name": "decay", "share": 0.05}],
    "left_out": [{"name": "surrogate_width", "reason": "not every run has it"}],
    "notice": None,
}
SWEEP = """
name: found
program: train.py
method: random
metric: test_acc
base: {dataset: digits, epochs: 1}
parameters: {lr: {min: 0.001, max: 0.01}}
run_cap: 3
"""


@pytest.fixture
def out() -> Console:
    return Console(file=io.StringIO(), width=120)


def said(out: Console) -> str:
    assert isinstance(out.file, io.StringIO)
    return out.file.getvalue()


def test_the_best_run(out: Console) -> None:
    print_best(out, BEST)
    assert "best: test_acc 98.33 % (sweep trial 7, run_1)" in said(out)
    assert "lr 0.01235, granularity channel" in said(out)
    assert "6 trained to the end, 18 stopped early, 0 failed" in said(out)


def test_a_pareto_front(out: Console) -> None:
    objectives = [*BEST["objectives"], {"name": "synops", "goal": "minimize"}]
    run = BEST["runs"][0] | {"values": [0.9833, 229920.2]}
    print_best(out, BEST | {"objectives": objectives, "runs": [run]})
    assert "Pareto front" in said(out)
    assert "synops (minimize)" in said(out)
    assert "98.33 %" in said(out)
    assert "229,920" in said(out)


def test_importance(out: Console) -> None:
    print_importance(out, IMPORTANCE)
    assert "importance for test_acc at epoch 1, over 24 runs" in said(out)
    assert "95 %" in said(out)
    assert "surrogate_width: not every run has it" in said(out)


def test_why_there_is_no_importance(out: Console) -> None:
    print_importance(out, IMPORTANCE | {"shares": [], "notice": "6 runs are too few to tell"})
    assert "importance for test_acc: 6 runs are too few to tell" in said(out)


def test_a_sweep_that_has_found_nothing_says_so(
    realspike: Realspike, service_env: str, tmp_path: Path
) -> None:
    file = tmp_path / "sweep.yaml"
    file.write_text(SWEEP)
    planned = realspike("study", "submit", str(file), "--dry-run")
    assert "program: not used; what is trained is this service's own training" in planned.err
    study_id = realspike("study", "submit", str(file), "--json").document["id"]
    assert realspike("study", "cancel", study_id, "--yes").code == 0
    shown = realspike("study", "show", study_id)
    assert "best: no run has been trained to its end yet" in shown.out
    assert realspike("study", "best", study_id, "--json").document["runs"] == []
    told = realspike("study", "importance", study_id)
    assert "0 runs are too few to tell: it needs 10" in told.out
    assert realspike("study", "importance", study_id, "--epoch", "last").code == 0
    assert realspike("study", "importance", study_id, "--epoch", "first").code == 2
