"""More seeds for a study, on paper."""

from __future__ import annotations

from typing import Any

import pytest

from server.errors import StudyError
from server.studies.expand import expand
from server.studies.seeds import Growth, add_seeds, next_seeds
from server.studies.spec import StudyDocument

ABLATION: dict[str, Any] = {
    "name": "a",
    "base": {"epochs": 2},
    "ablate": {"granularity": ["binary", "channel"]},
    "seeds": [0, 1],
}


def study(**changes: Any) -> StudyDocument:
    return StudyDocument.model_validate({**ABLATION, **changes})


def made(document: StudyDocument) -> list[dict[str, Any]]:
    planned = expand(document, run_limit=1000).runs
    return [run.spec.model_dump(mode="json") for run in planned]


def grown(document: StudyDocument, *seeds: int, run_limit: int = 1000) -> Growth:
    return add_seeds(document, seeds, made=made(document), run_limit=run_limit)


def cells(growth: Growth) -> list[tuple[int, str]]:
    return [(run.spec.seed, run.spec.granularity) for run in growth.runs]


def test_every_cell_meets_them_seed_by_seed() -> None:
    growth = grown(study(), 5, 6)
    assert cells(growth) == [(5, "binary"), (5, "channel"), (6, "binary"), (6, "channel")]
    assert growth.document.seeds == [0, 1, 5, 6]
    assert growth.runs[0].name == "a granularity=binary seed=5"
    everything = expand(growth.document, run_limit=1000)
    assert [run.spec for run in everything.runs[4:]] == [run.spec for run in growth.runs]


def test_only_what_is_missing_is_made() -> None:
    document = study()
    known = made(document)
    assert add_seeds(document, [0, 1], made=known, run_limit=9).runs == []
    gone = [spec for spec in known if (spec["seed"], spec["granularity"]) != (1, "binary")]
    growth = add_seeds(document, [1, 2, 2], made=gone, run_limit=9)
    assert cells(growth) == [(1, "binary"), (2, "binary"), (2, "channel")]
    assert (growth.seeds, growth.document.seeds) == ([1, 2], [0, 1, 2])
    again = add_seeds(growth.document, [1, 2], made=made(growth.document), run_limit=9)
    assert (again.runs, again.document) == ([], growth.document)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, [2, 3]),
        ({"seeds": [7, 3]}, [8, 9]),
        ({"seeds": None}, [1, 2]),
        ({"seeds": None, "base": {"seed": 4}}, [5, 6]),
    ],
)
def test_the_next_seeds_follow_the_highest(changes: dict[str, Any], expected: list[int]) -> None:
    assert next_seeds(study(**changes), 2) == expected


def test_a_study_without_seeds_keeps_the_one_it_has() -> None:
    growth = grown(study(seeds=None, base={"seed": 4}), 5)
    assert growth.document.seeds == [4, 5]
    assert [seed for seed, _ in cells(growth)] == [5, 5]


def test_a_run_cap_makes_room() -> None:
    document = study(seeds=[0, 1, 2, 3], run_cap=4)  # the last two seeds are left out
    growth = grown(document, *next_seeds(document, 1))
    assert (growth.document.seeds, growth.document.run_cap) == ([0, 1, 2], 6)
    assert [seed for seed, _ in cells(growth)] == [2, 2]
    assert grown(study(run_cap=50), 9).document.run_cap == 50


def test_grids_and_designs() -> None:
    grid = StudyDocument.model_validate(
        {"parameters": {"lr": {"values": [0.1, 0.2]}, "epochs": {"value": 3}}, "seeds": 1}
    )
    assert [run.spec.lr for run in grown(grid, 4).runs] == [0.1, 0.2]
    one = study(ablate={"granularity": ["binary", "channel"], "num_timesteps": [2, 4]})
    one = one.model_copy(update={"design": "one-at-a-time"})
    assert len(grown(one, 4).runs) == 3


def test_what_cannot_be() -> None:
    sweep = StudyDocument.model_validate(
        {"method": "random", "parameters": {"lr": {"min": 0.1, "max": 0.2}}}
    )
    for ask in (lambda: next_seeds(sweep, 1), lambda: grown(sweep, 1)):
        with pytest.raises(StudyError, match="a sweep draws each setting once"):
            ask()
    with pytest.raises(StudyError, match="the limit is 5"):
        grown(study(), 2, run_limit=5)
    with pytest.raises(StudyError, match="no 2 seeds above"):
        next_seeds(study(seeds=[2**31 - 2]), 2)
