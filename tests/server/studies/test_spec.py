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
    goals = {
        name: parse_study({"metric": name}).metric.goal
        for name in ("test_acc", "test_loss", "synops")
    }
    assert goals == {"test_acc": "maximize", "test_loss": "minimize", "synops": "minimize"}
    given = parse_study({"metric": {"name": "test_loss", "goal": "maximize"}}).metric
    assert (given.name, given.goal) == ("test_loss", "maximize")


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


LR = {"lr": {"min": 0.001, "max": 0.1}}


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"parameters": LR}, "method grid goes through lists"),
        ({"method": "bayes", "ablate": {"decay": [0.1]}, "parameters": LR}, "put its factors into"),
        ({"method": "random"}, "a sweep needs a parameter"),
        ({"method": "random", "parameters": LR, "seeds": 3}, "give one seed"),
        (
            {"seeds": 2, "early_terminate": {"type": "hyperband", "min_iter": 1}},
            "all its runs are trained",
        ),
        ({"method": "CMA-ES", "parameters": LR}, "CMA-ES is not offered"),
        (
            {"parameters": {**LR, "training": {"parameters": LR}}},
            "lr stands twice, once in a group",
        ),
        ({"objectives": [{"name": "synops"}]}, "only a sweep searches"),
        (
            {
                "method": "bayes",
                "parameters": LR,
                "objectives": [{"name": "synops"}],
                "early_terminate": {"type": "asha", "min_iter": 1},
            },
            "no trial is worse than another early on",
        ),
    ],
)
def test_parts_that_do_not_fit_together_are_refused_with_the_way_out(
    document: dict[str, Any], said: str
) -> None:
    assert said in problem_of(**document)[1]


@pytest.mark.parametrize(
    ("parameter", "said"),
    [
        ({}, "give either value"),
        ({"value": 1, "values": [1]}, "give either value"),
        ({"min": 1}, "needs max"),
        ({"min": 2, "max": 1}, "min 2 is above max 1"),
        ({"distribution": "uniform"}, "distribution uniform needs min and max"),
        ({"distribution": "log_uniform_values", "min": 0, "max": 1}, "min must be above 0"),
        ({"values": [1, 2], "probabilities": [1.0]}, "probabilities must be one number"),
        ({"values": []}, "at least 1 item"),
        ([0.1, 0.2], "a list of levels is written {values: [0.1, 0.2]}"),
        (0.1, "one value for all runs is written {value: 0.1}"),
        ({"min": 0, "max": 1, "distribution": "uniforn"}, "Input should be 'constant'"),
    ],
)
def test_a_parameter_is_one_thing(parameter: object, said: str) -> None:
    path, message = problem_of(method="random", parameters={"lr": parameter})
    assert path.startswith("parameters.lr")
    assert said in message or "is not one of 'constant'" in message


def test_a_sweep_file_as_wandb_has_it_is_taken_as_it_is() -> None:
    document = parse_study(
        yaml.safe_load(
            """
            program: train.py
            project: digits
            method: bayes
            metric: {name: test_loss, goal: minimize}
            parameters:
              epochs: {value: 9}
              lr: {distribution: log_uniform_values, min: 0.001, max: 0.1}
              batch_size: {distribution: q_uniform, min: 32, max: 128, q: 32}
              decay: {min: 0.1, max: 0.9}
              granularity: {values: [binary, layer, channel]}
            early_terminate: {type: hyperband, min_iter: 1}
            command: ["${env}", python, "${program}", "${args}"]
            run_cap: 20
            """
        )
    )
    assert document.searches
    assert [dimension.name for dimension in document.dimensions()] == [
        "lr",
        "batch_size",
        "decay",
        "granularity",
    ]
    plan = expand(document, run_limit=1000)
    assert (plan.trials, plan.runs, plan.seeds) == (20, [], [0])


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


def test_the_sweep_preset_is_a_sweep() -> None:
    document = parse_study(yaml.safe_load((PRESETS / "digits-sweep.yaml").read_text()))
    plan = expand(document, run_limit=1000)
    assert (plan.trials, plan.factors) == (24, ["lr", "decay", "v_threshold", "granularity"])
