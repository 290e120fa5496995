"""The best run of a study, or with several objectives its Pareto front."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from server.studies.search.stopping import pareto_front
from server.studies.spec import StudyDocument
from server.studies.statistics import is_share


@dataclass(frozen=True, slots=True)
class Candidate:
    """What there is to know of a run that may be the best."""

    run_id: str
    name: str
    status: str
    levels: Mapping[str, Any]
    """The fields that vary in the study."""
    summary: Mapping[str, float]
    pruned: bool = False


@dataclass(frozen=True, slots=True)
class Best:
    """The best among the runs that were trained to the end; others never are."""

    objectives: Sequence[tuple[str, str]]
    """Name and goal of each, the study's metric first."""
    front: Sequence[Candidate]
    """One run, the earliest of equals; with several objectives all that none beats, best first."""
    finished: int
    pruned: int
    failed: int

    def values(self, candidate: Candidate) -> list[float]:
        """The objectives of a run on the front."""
        return [candidate.summary[name] for name, _ in self.objectives]

    def sentences(self) -> list[str]:
        """What it says, one line a run; nothing before a run has finished."""
        if not self.front:
            return []
        many = len(self.objectives) > 1
        told = [f"{'' if many else 'best: '}{self._told(each)}" for each in self.front]
        if not many:
            return told
        goals = " and ".join(f"{name} ({goal})" for name, goal in self.objectives)
        return [f"Pareto front over {goals}, runs that no other beats:", *told]

    def _told(self, candidate: Candidate) -> str:
        names = [name for name, _ in self.objectives]
        values = zip(names, self.values(candidate), strict=True)
        measured = ", ".join(f"{name} {shown(name, value)}" for name, value in values)
        levels = ", ".join(f"{name} {_short(level)}" for name, level in candidate.levels.items())
        return f"{candidate.name} ({candidate.run_id}): {measured}" + (
            f"; {levels}" if levels else ""
        )


def best_of(document: StudyDocument, candidates: Sequence[Candidate]) -> Best:
    """The best of the candidates, which come in the order in which they were made."""
    objectives = [(each.name, each.goal) for each in (document.metric, *document.objectives)]
    names = [name for name, _ in objectives]
    able = [
        each
        for each in candidates
        if each.status == "succeeded"
        and all(math.isfinite(each.summary.get(name, math.nan)) for name in names)
    ]
    goals = document.goals
    points = [[each.summary[name] for name in names] for each in able]
    front = [able[place] for place in pareto_front(points, goals)]
    sign = -1 if goals[0] == "maximize" else 1
    front.sort(key=lambda each: sign * each.summary[names[0]])
    return Best(
        objectives=objectives,
        front=front if len(objectives) > 1 else front[:1],
        finished=len(able),
        pruned=sum(each.pruned for each in candidates),
        failed=sum(each.status == "failed" for each in candidates),
    )


def shown(metric: str, value: float) -> str:
    """A measured value for a person: accuracies as per cent, counts in whole numbers."""
    if is_share(metric):
        return f"{100 * value:.2f} %"
    return f"{value:,.0f}" if abs(value) >= 1e4 else f"{value:.4g}"


def _short(level: Any) -> str:
    return f"{level:.4g}" if isinstance(level, float) else str(level)
