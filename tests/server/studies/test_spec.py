from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from server.errors import StudyError
from server.studies.expand import expand
from server.studies.spec import StudyDocument, parse_study

PRESETS = Path(__file__).parents[3] / "presets"


def problem_of(**document: Any) -> tuple[str, str]:
    with pytest.raises(StudyError) as caught:
        parse_study({"name": "study", **document})
    return caught.value.problems[0].path, caught.value.problems[0].message


def test_a_metric_is_a_name_or_a_name_with_a_goal() -> None:
    assert parse_study({"name": "s", "metric": "test_loss"}).metric.goal == "maximize"
    goal = parse_study({"name": "s", "metric": {"name": "test_loss", "goal": "minimize"}}).metric
    assert (goal.name, goal.goal) == ("test_loss", "minimize")


def test_a_document_survives_storing() -> None:
    document = parse_study(
        {
            "name": "s",
            "seeds": 3,
            "metric": "test_acc",
            "parameters": {"lr": {"values": [0.1]}, "train_samples": {"value": None}},
        }
    )
    stored = document.model_dump(mode="json", exclude_unset=True)

    assert StudyDocument.model_validate(stored) == document
    assert expand(StudyDocument.model_validate(stored), run_limit=9).factors == ["lr"]


@pytest.mark.parametrize("method", ["random", "bayes"])
def test_searching_methods_come_later(method: str) -> None:
    assert problem_of(method=method) == (
        "method",
        f"method {method!r} comes with sweeps; use method 'grid' here, got {method!r}",
    )


def test_parts_of_sweeps_are_refused_by_name() -> None:
    assert "comes with sweeps" in problem_of(early_terminate={"type": "hyperband"})[1]
    path, message = problem_of(parameters={"lr": {"min": 0.1, "max": 1}})
    assert path == "parameters.lr"
    assert "ranges (max, min) come with sweeps" in message
    assert "either value" in problem_of(parameters={"lr": {}})[1]
    assert "either value" in problem_of(parameters={"lr": {"value": 1, "values": [1]}})[1]


@pytest.mark.parametrize("seeds", [-1, True, [-1], ["a"], 10**9])
def test_seeds_are_a_count_or_a_list(seeds: object) -> None:
    assert problem_of(seeds=seeds)[0].startswith("seeds")


def test_control_characters_stay_out_of_names() -> None:
    with pytest.raises(StudyError):
        parse_study({"name": "a\x00b"})


@pytest.mark.parametrize(
    ("file", "runs", "factors"),
    [
        ("digits-ablation.yaml", 12, ["granularity"]),
        ("fashion-mnist-sweep.yaml", 4, ["lr", "granularity"]),
        ("fashion-mnist-ablation.yaml", 12, ["granularity"]),
        ("paper/cifar10-resnet20.yaml", 36, ["num_timesteps", "granularity"]),
        ("paper/cifar10-resnet19.yaml", 36, ["num_timesteps", "granularity"]),
        ("paper/cifar10-vgg16.yaml", 36, ["num_timesteps", "granularity"]),
        ("paper/cifar100-resnet20.yaml", 36, ["num_timesteps", "granularity"]),
        ("paper/cifar100-resnet19.yaml", 36, ["num_timesteps", "granularity"]),
        ("paper/cifar100-vgg16.yaml", 36, ["num_timesteps", "granularity"]),
        ("paper/cifar10-dvs-resnet20.yaml", 12, ["granularity"]),
        ("paper/imagenet-sew-resnet18.yaml", 3, ["granularity"]),
        ("paper/imagenet-sew-resnet34.yaml", 3, ["granularity"]),
    ],
)
def test_presets_expand(file: str, runs: int, factors: list[str]) -> None:
    document = parse_study(yaml.safe_load((PRESETS / file).read_text()))
    plan = expand(document, run_limit=1000)

    assert len(plan.runs) == runs
    assert plan.factors == factors
