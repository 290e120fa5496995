"""Every cell of a study beside its baseline: paired over the seeds, corrected, and judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from server.studies.significance import Paired, holm, paired
from server.studies.spec import SCRIPT
from server.studies.table import Cell
from server.studies.verdict import Verdict, judge


@dataclass(frozen=True, slots=True)
class Comparison:
    """One cell against the baseline; both tests' p are corrected for all cells of the table."""

    paired: Paired | None
    p: float | None
    """Of the paired t-test, after Holm's correction."""
    verdict: Verdict


def compare(
    cells: Sequence[Cell], baseline: Cell, *, metric: str, goal: str
) -> list[Comparison | None]:
    """A comparison for every cell, None for the baseline itself."""
    against = baseline.by_seed(metric)
    pairs = [None if cell is baseline else paired(cell.by_seed(metric), against) for cell in cells]
    corrected = holm([None if pair is None else pair.p_t for pair in pairs])
    return [
        None
        if cell is baseline
        else Comparison(
            paired=pair,
            p=p,
            verdict=judge(
                name=title(cell, baseline),
                baseline=title(baseline, cell),
                metric=metric,
                goal=goal,
                comparison=pair,
                p=p,
            ),
        )
        for cell, pair, p in zip(cells, pairs, corrected, strict=True)
    ]


def baseline_of(cells: Sequence[Cell], wanted: Mapping[str, Any] | None) -> Cell | None:
    """The cell with the wanted levels, else the first one that was planned; None of no cells.

    `{"script": name}` wants what scripts measured under that name.
    """
    for cell in cells:
        if wanted == {SCRIPT: cell.script}:
            return cell
        if wanted and all(cell.levels.get(name) == level for name, level in wanted.items()):
            return cell
    return cells[0] if cells else None


def title(cell: Cell, other: Cell) -> str:
    """What a cell is called beside another."""
    if cell.script is None:
        return label(cell.levels, other.levels)
    return " ".join([cell.script, *(f"{name}={level}" for name, level in cell.levels.items())])


def label(levels: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    """What a cell is called beside another: the levels that differ, a lone one without its name."""
    differing = {
        name: level
        for name, level in levels.items()
        if len(levels) == 1 or level != other.get(name)
    }
    if len(differing) == 1:
        ((name, level),) = differing.items()
        return level if isinstance(level, str) else f"{name} {level}"
    return " ".join(f"{name}={level}" for name, level in differing.items()) or "the study"
