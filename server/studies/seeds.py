"""More seeds for a study: the same cells meet them, so that every comparison stays paired."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from server.errors import StudyError
from server.studies.expand import PlannedRun, expand
from server.studies.spec import StudyDocument, parse_study

MOST_SEED = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Growth:
    """What a study becomes with more seeds."""

    document: StudyDocument
    """With all its seeds."""
    seeds: list[int]
    """Those that were asked for."""
    runs: list[PlannedRun]
    """Those that are missing: seed by seed, every cell."""


def next_seeds(document: StudyDocument, count: int) -> list[int]:
    """So many seeds that follow the study's highest; raises StudyError where none are left."""
    first = max(_seeds(document)) + 1
    if first + count - 1 > MOST_SEED:
        raise StudyError("count", f"there are no {count} seeds above {first - 1}", "name them")
    return list(range(first, first + count))


def add_seeds(
    document: StudyDocument,
    seeds: Sequence[int],
    *,
    made: Iterable[Mapping[str, Any]],
    run_limit: int,
) -> Growth:
    """The study with these seeds too; `made` are the specs of the runs that it has already.

    A `run_cap` that would leave some of them out is raised. Raises StudyError for a sweep, and
    for too many runs.
    """
    wanted = list(dict.fromkeys(seeds))
    every = list(dict.fromkeys([*_seeds(document), *wanted]))
    changed = document.model_dump(mode="json", exclude_unset=True) | {"seeds": every}
    changed.pop("run_cap", None)
    plan = expand(parse_study(changed), run_limit=run_limit)
    if document.run_cap is not None:
        changed["run_cap"] = max(document.run_cap, len(plan.runs))
    known = {_key(spec, plan.factors) for spec in made}
    missing = [
        run
        for run in plan.runs
        if run.spec.seed in wanted
        and _key(run.spec.model_dump(mode="json"), plan.factors) not in known
    ]
    return Growth(parse_study(changed), wanted, missing)


def _seeds(document: StudyDocument) -> list[int]:
    """The seeds that the study has; raises StudyError for a sweep."""
    if document.searches:
        raise StudyError(
            "seeds",
            "a sweep draws each setting once, with one seed, so it takes no more",
            "confirm its best setting with an ablation over seeds",
        )
    return expand(document, run_limit=2**63).seeds


def _key(spec: Mapping[str, Any], factors: Sequence[str]) -> str:
    return json.dumps([spec.get(name) for name in (*factors, "seed")], sort_keys=True)
