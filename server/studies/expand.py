"""From a study document to its runs: every combination of levels, each with the same seeds."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from rscore.spec import SPEC_FIELDS, FieldProblem, RunSpec, explain
from server.errors import StudyError
from server.studies.spec import SCRIPT, StudyDocument
from server.studies.suggestions import field_hint

MOST_PROBLEMS = 20
MOST_EXTREMES = 256
"""Combinations of ends of a sweep's ranges that are looked at."""


@dataclass(frozen=True, slots=True)
class PlannedRun:
    """One run of a study before it is stored."""

    name: str
    levels: Mapping[str, Any]
    spec: RunSpec


@dataclass(frozen=True, slots=True)
class Plan:
    """All runs of a study, seed by seed, so that early results compare every cell.

    A sweep has no runs yet: `trials` says how many it will make.
    """

    factors: list[str]
    cells: list[dict[str, Any]]
    seeds: list[int]
    runs: list[PlannedRun]
    trials: int = 0

    @property
    def first_seed(self) -> list[PlannedRun]:
        """One run of each cell, in their order."""
        return self.runs[: len(self.cells)]


@dataclass(frozen=True, slots=True)
class _Factor:
    field: str
    path: str
    levels: Sequence[Any]


def expand(document: StudyDocument, *, run_limit: int) -> Plan:
    """The plan of a document; raises StudyError for no runs, too many, or a level out of range."""
    _check_fields(document)
    fixed = fixed_fields(document)
    base_seed = fixed.pop("seed", 0)
    seeds = [base_seed] if document.seeds is None else document.seeds
    if document.searches:
        return _sweep(document, fixed, seeds, run_limit)
    factors = _factors(document)
    count = _cell_count(document, factors)
    if _is_cut(document, count):
        count = document.run_cap or count
    seeds = _capped(document, count, seeds)
    _check_count(count * len(seeds), run_limit)

    picks = _picks(document, factors, count)
    specs = _specs(document, fixed, factors, picks, seeds[0])
    names = [factor.field for factor in factors]
    cells = [{name: spec[name] for name in names} for spec in specs]
    _check_distinct(factors, picks, cells, seeds)
    runs = [
        PlannedRun(_run_name(document.name, cell, seed), cell, RunSpec(**(spec | {"seed": seed})))
        for seed in seeds
        for cell, spec in zip(cells, specs, strict=True)
    ]
    return Plan(factors=names, cells=cells, seeds=seeds, runs=runs)


def fixed_fields(document: StudyDocument) -> dict[str, Any]:
    """Fields that every run of the study shares."""
    return dict(document.base) | {
        name: parameter.value for name, parameter in document.parameters.items() if parameter.fixed
    }


def trial_run(document: StudyDocument, drawn: Mapping[str, Any], number: int) -> PlannedRun:
    """A sweep's trial as a run; raises ValidationError where the drawn fields are no spec."""
    seed = document.seeds[0] if document.seeds else document.base.get("seed", 0)
    spec = RunSpec.model_validate({**fixed_fields(document), **drawn, "seed": seed})
    stored = spec.model_dump(mode="json")
    levels = {name: stored[name] for name in drawn}
    return PlannedRun(f"{document.name} trial {number}"[:200], levels, spec)


def extreme_specs(document: StudyDocument) -> list[RunSpec]:
    """Trials of a sweep at both ends of every range, as far as they go together.

    Of more combinations than anybody would wait for, those at the ends of one range at a time.
    """
    fixed = fixed_fields(document)
    ends = [
        [(dimension.name, value) for _, value in document.parameters[dimension.name].ends()]
        for dimension in document.dimensions()
    ]
    drawn: Iterable[Sequence[tuple[str, Any]]] = itertools.product(*ends)
    if math.prod(map(len, ends)) > MOST_EXTREMES:
        drawn = [[end] for each in ends for end in each]
    specs = []
    for fields in drawn:
        with suppress(ValidationError):
            specs.append(RunSpec.model_validate({**fixed, **dict(fields)}))
    return specs


def stored_fields(document: StudyDocument, planned: PlannedRun) -> dict[str, Any]:
    """What is stored of a planned run, beside the study that it belongs to."""
    return {
        "name": planned.name,
        "experiment": document.experiment,
        "tags": list(dict.fromkeys(document.tags)),
        "priority": document.priority,
        "spec": planned.spec.model_dump(mode="json"),
        "spec_digest": planned.spec.digest(),
    }


def _sweep(
    document: StudyDocument, fixed: Mapping[str, Any], seeds: list[int], run_limit: int
) -> Plan:
    """The plan of a sweep; raises StudyError for an end of a range that no spec can have."""
    _check_count(document.trials * len(seeds), run_limit)
    problems: list[FieldProblem] = []
    for dimension in document.dimensions():
        parameter = document.parameters[dimension.name]
        for path, value in parameter.ends():
            try:
                RunSpec.model_validate({**fixed, dimension.name: value, "seed": seeds[0]})
            except ValidationError as error:
                problems += [
                    problem.model_copy(update={"path": f"parameters.{dimension.name}.{path}"})
                    if problem.path.partition(".")[0] == dimension.name
                    else _of_base(problem, document)
                    for problem in explain(error)
                ]
    if problems:
        unique = {(problem.path, problem.message): problem for problem in problems}
        raise StudyError.of(list(unique.values())[:MOST_PROBLEMS])
    names = [dimension.name for dimension in document.dimensions()]
    return Plan(factors=names, cells=[], seeds=seeds, runs=[], trials=document.trials)


def _of_base(problem: FieldProblem, document: StudyDocument) -> FieldProblem:
    field, dot, rest = problem.path.partition(".")
    if field in document.parameters:
        return problem.model_copy(update={"path": f"parameters.{field}.value{dot}{rest}"})
    return problem.model_copy(update={"path": f"base.{problem.path}".rstrip(".")})


def _cell_count(document: StudyDocument, factors: Sequence[_Factor]) -> int:
    counts = [len(factor.levels) for factor in factors]
    if document.design == "factorial" or 0 in counts:
        return math.prod(counts)
    return 1 + sum(count - 1 for count in counts)


def _is_cut(document: StudyDocument, cells: int) -> bool:
    """True for a grid without ablation or seeds that ends after so many runs, as W&B's do."""
    plain = not document.ablate and len(document.seeds or [0]) == 1
    return plain and document.run_cap is not None and document.run_cap < cells


def _picks(
    document: StudyDocument, factors: Sequence[_Factor], count: int
) -> list[tuple[int, ...]]:
    """Which level of each factor every cell has; of a grid that is cut, its first cells."""
    if document.design == "factorial":
        every = itertools.product(*(range(len(factor.levels)) for factor in factors))
        return list(itertools.islice(every, count))
    first = (0,) * len(factors)
    others = [
        (*first[:place], level, *first[place + 1 :])
        for place, factor in enumerate(factors)
        for level in range(1, len(factor.levels))
    ]
    return [first, *others][:count]


def _factors(document: StudyDocument) -> list[_Factor]:
    grid = [
        _Factor(name, f"parameters.{name}.values", parameter.levels or [])
        for name, parameter in document.parameters.items()
        if not parameter.fixed
    ]
    ablation = [_Factor(name, f"ablate.{name}", levels) for name, levels in document.ablate.items()]
    return grid + ablation


def _check_fields(document: StudyDocument) -> None:
    problems = []
    for part in ("base", "parameters", "ablate"):
        for name in getattr(document, part):
            path = f"{part}.{name}"
            if name not in SPEC_FIELDS:
                problems.append(
                    FieldProblem(
                        path=path, message=f"unknown field {name!r}", hint=field_hint(name)
                    )
                )
            elif name == "seed" and part != "base":
                problems.append(
                    FieldProblem(
                        path=path,
                        message="the seed is no factor: every combination meets the same seeds",
                        hint="use seeds: [0, 1, 2]",
                    )
                )
            elif part == "ablate" and name in document.parameters:
                problems.append(
                    FieldProblem(path=path, message=f"{name} is in parameters too", hint="keep one")
                )
    problems += [*_conditions(document), *_baseline(document)]
    if problems:
        raise StudyError.of(problems)


def _conditions(document: StudyDocument) -> list[FieldProblem]:
    earlier: set[str] = set()
    problems = []
    for name, parameter in document.parameters.items():
        problems += [
            FieldProblem(
                path=f"parameters.{name}.when.{other}",
                message=f"{other} is no parameter that stands before {name}",
                hint="a condition names earlier parameters; change the order",
            )
            for other in parameter.when or {}
            if other not in earlier
        ]
        if not parameter.fixed:
            earlier.add(name)
    return problems


def _baseline(document: StudyDocument) -> list[FieldProblem]:
    if document.baseline is None or _of_script(document.baseline):
        return []
    factors = {factor.field: factor for factor in _factors(document)}
    return [
        FieldProblem(
            path=f"baseline.{name}",
            message=f"{level!r} is no level of {name}"
            if name in factors
            else f"{name} is no factor of this study",
            hint=f"factors: {', '.join(factors) or 'none'}",
        )
        for name, level in document.baseline.items()
        if name not in factors or level not in factors[name].levels
    ]


def _of_script(baseline: Mapping[str, Any]) -> bool:
    """True where the baseline is what scripts of somebody's own measure under a name."""
    return list(baseline) == [SCRIPT] and isinstance(baseline[SCRIPT], str)


def _capped(document: StudyDocument, cells: int, seeds: list[int]) -> list[int]:
    if document.run_cap is None or cells * len(seeds) <= document.run_cap:
        return seeds
    if document.run_cap < cells:
        raise StudyError(
            "run_cap",
            f"{document.run_cap} is below the {cells} runs of one seed",
            "raise run_cap or name fewer levels",
        )
    return seeds[: document.run_cap // cells]


def _check_count(count: int, limit: int) -> None:
    if count == 0:
        raise StudyError(
            "study",
            "the study has 0 runs: a list of levels or the seeds are empty",
            "give every factor at least one level, and at least one seed",
        )
    if count > limit:
        raise StudyError(
            "study",
            f"the study has {count} runs, the limit is {limit}",
            "name fewer levels or seeds, or raise REALSPIKE_STUDY_RUN_LIMIT",
        )


def _specs(
    document: StudyDocument,
    fixed: Mapping[str, Any],
    factors: Sequence[_Factor],
    picks: Sequence[Sequence[int]],
    seed: int,
) -> list[dict[str, Any]]:
    problems: dict[tuple[str, str], FieldProblem] = {}
    specs = []
    for picked in picks:
        levels = {
            factor.field: factor.levels[index]
            for factor, index in zip(factors, picked, strict=True)
        }
        try:
            spec = RunSpec.model_validate({**fixed, **levels, "seed": seed})
        except ValidationError as error:
            for problem in explain(error):
                found = _located(problem, document, factors, picked, levels)
                problems.setdefault((found.path, found.message), found)
            if len(problems) >= MOST_PROBLEMS:
                break
        else:
            specs.append(spec.model_dump(mode="json"))
    if problems:
        raise StudyError.of(list(problems.values()))
    return specs


def _located(
    problem: FieldProblem,
    document: StudyDocument,
    factors: Sequence[_Factor],
    picked: Sequence[int],
    levels: Mapping[str, Any],
) -> FieldProblem:
    """The problem of one cell, with the path in the document that caused it."""
    field, _, rest = problem.path.partition(".")
    tail = f".{rest}" if rest else ""
    for factor, index in zip(factors, picked, strict=True):
        if factor.field == field:
            return problem.model_copy(update={"path": f"{factor.path}.{index}{tail}"})
    if field:
        return _of_base(problem, document)
    where = ", ".join(f"{name}={value}" for name, value in levels.items())
    message = f"{problem.message} (in the cell {where})" if where else problem.message
    return problem.model_copy(update={"path": "base", "message": message})


def _check_distinct(
    factors: Sequence[_Factor],
    picks: Sequence[Sequence[int]],
    cells: Sequence[Mapping[str, Any]],
    seeds: Sequence[int],
) -> None:
    for place, factor in enumerate(factors):
        distinct = {json.dumps(cell[factor.field]) for cell in cells}
        if len(distinct) < len({picked[place] for picked in picks}):
            raise StudyError(factor.path, "a level stands twice", "name every level once")
    if len(set(seeds)) < len(seeds):
        raise StudyError("seeds", "a seed stands twice", "name every seed once")


def _run_name(study: str, cell: Mapping[str, Any], seed: int) -> str:
    levels = " ".join(f"{name}={value}" for name, value in cell.items())
    return " ".join(part for part in (study, levels, f"seed={seed}") if part)[:200]
