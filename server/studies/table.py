"""The comparison table of a study: one cell a combination of levels, nothing left out silently."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from server.studies.statistics import mean, sample_std

OPEN = frozenset({"queued", "running", "paused"})


@dataclass(frozen=True, slots=True)
class RunResult:
    """What the table needs to know of one run."""

    run_id: str
    status: str
    spec: Mapping[str, Any]
    summary: Mapping[str, float]
    verdict: str | None = None
    script: str | None = None
    """Name of a run that a script of somebody's own trained; such runs make cells of their own."""
    pruned: bool = False
    """True for one that was stopped early because others were better."""

    @property
    def seed(self) -> int | None:
        """The seed, which a script may not have given."""
        seed = self.spec.get("seed")
        if isinstance(seed, float) and seed.is_integer():
            return int(seed)
        return seed if isinstance(seed, int) and not isinstance(seed, bool) else None


@dataclass(slots=True)
class Cell:
    """One combination of the factors; a cell without runs stays in the table."""

    levels: dict[str, Any]
    results: list[RunResult] = field(default_factory=list)
    script: str | None = None
    """What the runs of scripts in it are called; then it has only the levels that they gave."""

    @property
    def run_ids(self) -> list[str]:
        """Every run of the cell, whatever its state."""
        return [result.run_id for result in self.results]

    @property
    def failed(self) -> int:
        """Runs that ended with an error: they are counted, never averaged."""
        return sum(result.status == "failed" for result in self.results)

    @property
    def pruned(self) -> int:
        """Runs that were stopped early: they are counted, never averaged."""
        return sum(result.pruned for result in self.results)

    @property
    def verdicts(self) -> dict[str, int]:
        """How many models of the cell have which certificate verdict."""
        return dict(Counter(result.verdict for result in self.results if result.verdict))

    def values(self, metric: str) -> list[float]:
        """The metric of every run that succeeded and has it."""
        return [
            result.summary[metric]
            for result in self.results
            if result.status == "succeeded" and metric in result.summary
        ]

    def by_seed(self, metric: str) -> dict[int, float]:
        """The metric by seed; of several runs with one seed, the newest that succeeded."""
        return {
            result.seed: result.summary[metric]
            for result in self.results
            if result.status == "succeeded" and metric in result.summary
            if result.seed is not None
        }

    def mean(self, metric: str) -> float | None:
        """The mean of `values`."""
        return mean(self.values(metric))

    def std(self, metric: str) -> float | None:
        """The sample standard deviation of `values`."""
        return sample_std(self.values(metric))


def tabulate(
    planned: Sequence[Mapping[str, Any]], factors: Sequence[str], results: Sequence[RunResult]
) -> list[Cell]:
    """All planned cells in the document's order, then cells of runs that nobody planned.

    What a script measured never joins a cell that workers trained, whatever levels it gives: it
    may have been measured on anything.
    """
    cells = {_key(levels, factors): Cell(dict(levels)) for levels in planned}
    for result in results:
        levels = {
            name: result.spec.get(name)
            for name in factors
            if result.script is None or name in result.spec
        }
        key = _key(levels, factors, result.script)
        cells.setdefault(key, Cell(levels, script=result.script)).results.append(result)
    return list(cells.values())


def complete(results: Sequence[RunResult]) -> bool:
    """True when no run can change the table any more."""
    return not any(result.status in OPEN for result in results)


def _key(levels: Mapping[str, Any], factors: Sequence[str], script: str | None = None) -> str:
    return json.dumps([script, *(levels.get(name) for name in factors)])
