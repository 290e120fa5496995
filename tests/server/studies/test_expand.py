from __future__ import annotations

from typing import Any

import pytest

from server.errors import StudyError
from server.studies.expand import Plan, expand, trial_run
from server.studies.spec import parse_study


def plan(limit: int = 1000, **document: Any) -> Plan:
    return expand(parse_study({"name": "study", **document}), run_limit=limit)


def refused(limit: int = 1000, **document: Any) -> StudyError:
    with pytest.raises(StudyError) as caught:
        plan(limit, **document)
    return caught.value


def test_every_cell_meets_the_same_seeds_and_a_seed_comes_whole() -> None:
    made = plan(ablate={"granularity": ["binary", "channel"]}, seeds=[3, 4])

    assert made.factors == ["granularity"]
    assert made.cells == [{"granularity": "binary"}, {"granularity": "channel"}]
    assert [(run.spec.granularity, run.spec.seed) for run in made.runs] == [
        ("binary", 3),
        ("channel", 3),
        ("binary", 4),
        ("channel", 4),
    ]
    assert made.runs[0].name == "study granularity=binary seed=3"


def test_grid_and_ablation_multiply_and_a_single_value_is_no_factor() -> None:
    made = plan(
        base={"epochs": 2, "lr": 0.5},
        parameters={"lr": {"values": [0.1, 0.01]}, "momentum": {"value": 0.8}},
        ablate={"granularity": ["layer", "channel", "element"]},
        seeds=2,
    )

    assert made.factors == ["lr", "granularity"]
    assert len(made.runs) == 12
    assert {(run.spec.epochs, run.spec.momentum) for run in made.runs} == {(2, 0.8)}
    assert len({run.spec.digest() for run in made.runs}) == 12


def test_without_seeds_the_base_seed_counts() -> None:
    assert [run.spec.seed for run in plan(base={"seed": 7}).runs] == [7]
    assert [run.spec.seed for run in plan().runs] == [0]


def test_levels_are_what_the_spec_makes_of_them() -> None:
    assert plan(ablate={"lr": ["0.1", 1]}).cells == [{"lr": 0.1}, {"lr": 1.0}]


def test_run_cap_leaves_out_whole_seeds() -> None:
    made = plan(ablate={"granularity": ["binary", "channel"]}, seeds=5, run_cap=7)

    assert made.seeds == [0, 1, 2]
    assert refused(ablate={"granularity": ["binary", "channel"]}, run_cap=1).path == "run_cap"


@pytest.mark.parametrize(
    "document",
    [{"seeds": 0}, {"seeds": []}, {"ablate": {"lr": []}}],
)
def test_no_runs_is_an_error(document: dict[str, Any]) -> None:
    assert "0 runs" in refused(**document).message


def test_one_at_a_time_varies_every_factor_alone_around_the_first_levels() -> None:
    made = plan(
        ablate={"granularity": ["binary", "channel"], "decay": [0.25, 0.5, 1.0]},
        design="one-at-a-time",
        seeds=2,
    )
    assert made.cells == [
        {"granularity": "binary", "decay": 0.25},
        {"granularity": "channel", "decay": 0.25},
        {"granularity": "binary", "decay": 0.5},
        {"granularity": "binary", "decay": 1.0},
    ]
    assert len(made.runs) == 8


def test_a_baseline_must_be_a_cell() -> None:
    wrong = refused(ablate={"decay": [0.25, 0.5]}, baseline={"decay": 0.3})
    assert (wrong.path, wrong.message) == ("baseline.decay", "0.3 is no level of decay")
    assert refused(ablate={"decay": [0.5]}, baseline={"lr": 1}).path == "baseline.lr"


def test_a_sweep_is_checked_at_the_ends_of_its_ranges() -> None:
    sweep = {"method": "random", "run_cap": 5}
    made = plan(**sweep, parameters={"decay": {"min": 0.1, "max": 1.0}, "epochs": {"value": 3}})
    assert (made.factors, made.cells, made.trials) == (["decay"], [], 5)
    wrong = refused(**sweep, parameters={"decay": {"min": 0.1, "max": 1.5}})
    assert wrong.path == "parameters.decay.max"
    typo = refused(**sweep, parameters={"granularity": {"values": ["binary", "chanel"]}})
    assert typo.path == "parameters.granularity.values.1"
    fixed = refused(**sweep, parameters={"decay": {"min": 0.1, "max": 1.0}, "lr": {"value": -1}})
    assert fixed.path == "parameters.lr.value"
    assert (
        "limit is 10"
        in refused(
            limit=10, **(sweep | {"run_cap": 11}), parameters={"decay": {"min": 0.1, "max": 1.0}}
        ).message
    )


def test_a_condition_names_an_earlier_parameter() -> None:
    width = {"min": 0.5, "max": 2.0, "when": {"surrogate": "triangle"}}
    surrogate = {"values": ["triangle", "rectangle"]}
    sweep = {"method": "random", "run_cap": 5}
    made = plan(**sweep, parameters={"surrogate": surrogate, "surrogate_width": width})
    assert made.factors == ["surrogate", "surrogate_width"]
    wrong = refused(**sweep, parameters={"surrogate_width": width, "surrogate": surrogate})
    assert wrong.path == "parameters.surrogate_width.when.surrogate"


def test_a_trial_becomes_a_run_of_the_base_with_what_was_drawn() -> None:
    document = parse_study(
        {
            "name": "sweep",
            "method": "random",
            "base": {"epochs": 2, "seed": 4},
            "parameters": {"decay": {"min": 0.1, "max": 1.0}},
        }
    )
    made = trial_run(document, {"decay": 0.5}, 7)
    assert (made.name, made.levels) == ("sweep trial 7", {"decay": 0.5})
    assert (made.spec.epochs, made.spec.seed, made.spec.decay) == (2, 4, 0.5)


def test_too_many_runs_names_count_and_limit_before_anything_is_built() -> None:
    error = refused(limit=10, seeds=1_000_000, ablate={"lr": [0.1, 0.2]})

    assert "2000000 runs" in error.message
    assert "limit is 10" in error.message


def test_unknown_fields_are_all_named_with_the_nearest_name() -> None:
    error = refused(
        base={"epoch": 3}, parameters={"leraning_rate": {"value": 1}}, ablate={"granularty": [1]}
    )

    hints = {problem.path: problem.hint for problem in error.problems}
    assert hints["base.epoch"] == "did you mean 'epochs'?"
    assert hints["ablate.granularty"] == "did you mean 'granularity'?"
    assert "valid: dataset," in str(hints["parameters.leraning_rate"])


def test_a_wrong_level_is_named_where_it_stands() -> None:
    error = refused(
        base={"epochs": 0},
        parameters={"decay": {"values": [0.5, 2]}, "momentum": {"value": 3}},
        ablate={"granularity": ["channel", "chanel"]},
    )

    assert {problem.path for problem in error.problems} == {
        "base.epochs",
        "parameters.decay.values.1",
        "parameters.momentum.value",
        "ablate.granularity.1",
    }
    hints = {problem.path: problem.hint for problem in error.problems}
    assert hints["ablate.granularity.1"] == "did you mean 'channel'?"


def test_levels_that_do_not_fit_together_name_their_cell() -> None:
    error = refused(ablate={"network": ["small-conv", "resnet20"]})

    assert error.problems[0].path == "base"
    assert "network=resnet20" in error.problems[0].message
    assert "16x16" in error.problems[0].message


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ({"ablate": {"seed": [1, 2]}}, "ablate.seed"),
        ({"parameters": {"seed": {"values": [1]}}}, "parameters.seed"),
        ({"parameters": {"lr": {"value": 1}}, "ablate": {"lr": [1, 2]}}, "ablate.lr"),
        ({"ablate": {"lr": [1, 1.0]}}, "ablate.lr"),
        ({"seeds": [1, 1]}, "seeds"),
        ({"base": {"seed": "x"}}, "base.seed"),
    ],
)
def test_ambiguous_documents_are_refused(document: dict[str, Any], path: str) -> None:
    assert refused(**document).path == path
