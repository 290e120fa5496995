from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from server.errors import StudyError
from server.studies.expand import Plan, expand
from server.studies.remarks import remarks
from server.studies.spec import StudyDocument, parse_study

WANDB = Path(__file__).parents[3] / "presets" / "wandb"
LR: dict[str, Any] = {"lr": {"min": 0.001, "max": 0.1}}


def planned(document: dict[str, Any]) -> tuple[StudyDocument, Plan]:
    parsed = parse_study(document)
    return parsed, expand(parsed, run_limit=1000)


def said(**document: Any) -> list[str]:
    return remarks(*planned(document))


@pytest.mark.parametrize(
    ("file", "runs", "trials", "factors"),
    [
        ("grid.yaml", 4, 0, ["v_threshold", "granularity"]),
        (
            "random.yaml",
            0,
            12,
            ["batch_size", "num_timesteps", "granularity", "decay", "v_threshold", "lr"],
        ),
        ("bayes.yaml", 0, 20, ["lr", "decay", "v_threshold", "surrogate"]),
    ],
)
def test_sweep_files_of_wandb_are_taken_as_they_are(
    file: str, runs: int, trials: int, factors: list[str]
) -> None:
    document, plan = planned(yaml.safe_load((WANDB / file).read_text()))
    assert (len(plan.runs), plan.trials, plan.factors) == (runs, trials, factors)
    told = " ".join(remarks(document, plan))
    assert "program" in told
    assert "what is trained is this service's own training" in told
    assert "studies are grouped by experiment" in told
    stored = document.model_dump(mode="json", exclude_unset=True)
    assert StudyDocument.model_validate(stored) == document


def test_a_plain_study_has_nothing_to_be_remarked() -> None:
    assert said(ablate={"granularity": ["binary", "channel"]}, seeds=3) == []
    assert (
        said(method="bayes", parameters=LR, early_terminate={"type": "asha", "min_iter": 1}) == []
    )


@pytest.mark.parametrize(
    ("document", "part"),
    [
        (
            {"parameters": {"lr": {"values": [0.1, 0.2, 0.3]}}, "run_cap": 2},
            "only the first 2 runs",
        ),
        ({"metric": {"name": "test_acc", "target": 0.9}}, "a grid goes to its end"),
        (
            {
                "method": "random",
                "metric": "synops",
                "parameters": LR,
                "early_terminate": {"type": "hyperband", "min_iter": 1},
            },
            "synops is measured once",
        ),
        (
            {
                "method": "random",
                "base": {"epochs": 2},
                "parameters": LR,
                "early_terminate": {"type": "hyperband", "min_iter": 2},
            },
            "not below the 2 epochs",
        ),
    ],
)
def test_what_has_no_effect_is_said(document: dict[str, Any], part: str) -> None:
    assert part in " ".join(said(**document))


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("learning_rate", "lr"),
        ("learning-rate", "lr"),
        ("tau", "decay"),
        ("T", "num_timesteps"),
        ("threshold", "v_threshold"),
        ("optimiser", "optimizer"),
        ("num_epochs", "epochs"),
    ],
)
def test_names_of_other_tools_are_refused_with_ours(name: str, meant: str) -> None:
    with pytest.raises(StudyError) as caught:
        planned({"parameters": {name: {"values": [1]}}})
    (problem,) = caught.value.problems
    assert (problem.path, problem.hint) == (f"parameters.{name}", f"did you mean {meant!r}?")


def test_a_grid_goes_through_whole_numbers_and_steps_and_ends_at_its_cap() -> None:
    document: dict[str, Any] = {
        "parameters": {
            "epochs": {"min": 1, "max": 3},
            "decay": {"distribution": "q_uniform", "min": 0.2, "max": 0.6, "q": 0.2},
        }
    }
    cells = planned(document)[1].cells
    assert [cell["epochs"] for cell in cells] == [1, 1, 1, 2, 2, 2, 3, 3, 3]
    assert len({cell["decay"] for cell in cells}) == 3
    assert planned({**document, "run_cap": 4})[1].cells == cells[:4]
