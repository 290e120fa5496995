"""What a study's report says, in words and numbers, before any format writes it down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from server.studies.comparison import Comparison
from server.studies.significance import Interval, t_interval
from server.studies.statistics import is_share
from server.studies.table import Cell

MINUS = "\N{MINUS SIGN}"
WHOLE = "study"
"""The column of a study without factors, where scripts measured something to put beside it."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A value from elsewhere, which is shown only together with its source."""

    name: str
    value: float
    source: str


@dataclass(frozen=True, slots=True)
class Row:
    """One cell as text; `run_ids` are what it was measured on."""

    levels: list[str]
    mean: str
    n: str
    interval: str
    difference: str
    p: str
    best: bool
    baseline: bool
    run_ids: list[str]


@dataclass(frozen=True, slots=True)
class Report:
    """A study's report: a table, what it means, and how to get it again."""

    title: str
    study_id: str
    metric: str
    goal: str
    unit: str
    factors: list[str]
    rows: list[Row]
    verdicts: list[str]
    notes: list[str]
    references: list[Reference]
    command: str
    run_url: str = ""
    """Address before a run's id; empty where nobody knows it."""
    columns: list[str] = field(init=False)

    def __post_init__(self) -> None:
        measured = f"{self.metric}, mean ± std" + (f" ({self.unit})" if self.unit else "")
        difference = "difference" + (" (points)" if self.unit else "")
        titles = [*self.factors, measured, "n", "95 % CI", difference, "p"]
        object.__setattr__(self, "columns", titles)

    def texts(self, row: Row) -> list[str]:
        """A row's texts, column by column."""
        return [*row.levels, row.mean, row.n, row.interval, row.difference, row.p]

    def link(self, run_id: str) -> str:
        """Where a run's page is."""
        return f"{self.run_url}{run_id}"


def make_report(
    *,
    title: str,
    study_id: str,
    metric: str,
    goal: str,
    factors: Sequence[str],
    cells: Sequence[Cell],
    baseline: Cell | None,
    comparisons: Sequence[Comparison | None],
    planned: int,
    references: Sequence[Reference] = (),
    run_url: str = "",
    own_metric: bool = True,
) -> Report:
    """The report of a study, its best cell first and cells without a value last.

    Args:
        planned: how many runs each planned cell should have.
        own_metric: whether `metric` is the one that the study names.
    """
    share = is_share(metric)
    scale = 100.0 if share else 1.0
    means = [mean for cell in cells if (mean := cell.mean(metric)) is not None]
    pairs = _best_first(cells, comparisons, metric, goal)
    columns = list(factors) or [WHOLE] * any(cell.script for cell in cells)
    best = (max(means) if goal == "maximize" else min(means)) if means else None
    return Report(
        title=title,
        study_id=study_id,
        metric=metric,
        goal=goal,
        unit="%" if share else "",
        factors=columns,
        rows=[
            Row(
                levels=_levels(cell, factors) if factors else [cell.script or "all"] * len(columns),
                mean=_measured(cell, metric, scale),
                n=_count(cell, metric, planned),
                interval=_interval(t_interval(cell.values(metric)), scale),
                difference=_difference(comparison, scale),
                p="" if comparison is None or comparison.p is None else _p(comparison.p),
                best=best is not None and cell.mean(metric) == best,
                baseline=cell is baseline,
                run_ids=cell.run_ids,
            )
            for cell, comparison in pairs
        ],
        verdicts=[item.verdict.sentence for _, item in pairs if item is not None],
        notes=_notes([cell for cell, _ in pairs], metric, planned),
        references=list(references),
        command=f"realspike study report {study_id}"
        + ("" if own_metric else f" --metric {metric}"),
        run_url=run_url,
    )


def _best_first(
    cells: Sequence[Cell], comparisons: Sequence[Comparison | None], metric: str, goal: str
) -> list[tuple[Cell, Comparison | None]]:
    better = -1.0 if goal == "maximize" else 1.0

    def place(pair: tuple[Cell, Comparison | None]) -> tuple[bool, float]:
        mean = pair[0].mean(metric)
        return mean is None, better * (mean or 0.0)

    return sorted(zip(cells, comparisons, strict=True), key=place)


def _notes(cells: Sequence[Cell], metric: str, planned: int) -> list[str]:
    notes = [
        "± is the sample standard deviation over seeds; differences are paired by seed, with "
        "their 95 % confidence interval; p is of the paired t-test, after Holm's correction."
    ]
    for cell in cells:
        missing = _planned(cell, planned) - len(cell.values(metric))
        if missing:
            named = [f"{name}={level}" for name, level in cell.levels.items()]
            where = " ".join([cell.script, *named] if cell.script else named) or "all"
            failed = f", {cell.failed} of them failed" if cell.failed else ""
            notes.append(f"{where}: {missing} runs are not in the mean{failed}.")
    return notes


def _levels(cell: Cell, factors: Sequence[str]) -> list[str]:
    """A cell's levels; the name of what scripts measured stands in the first column."""
    texts = [_text(cell.levels.get(name)) for name in factors]
    if cell.script is not None:
        return [": ".join(filter(None, [cell.script, *texts[:1]])), *texts[1:]]
    return texts


def _planned(cell: Cell, planned: int) -> int:
    """Runs that a cell should have; nobody planned those of scripts."""
    return max(0 if cell.script else planned, len(cell.results))


def _text(level: Any) -> str:
    return "" if level is None else str(level)


def _number(value: float, scale: float) -> str:
    text = f"{value * scale:.2f}" if scale != 1 else f"{value:.4g}"
    return text.replace("-", MINUS)


def _measured(cell: Cell, metric: str, scale: float) -> str:
    if cell.pruned and not cell.values(metric):
        return "stopped early"
    return _spread(cell.mean(metric), cell.std(metric), scale)


def _spread(mean: float | None, std: float | None, scale: float) -> str:
    if mean is None:
        return "missing"
    return _number(mean, scale) + ("" if std is None else f" ± {_number(std, scale)}")


def _count(cell: Cell, metric: str, planned: int) -> str:
    got, of = len(cell.values(metric)), _planned(cell, planned)
    return str(got) if got == of else f"{got} of {of}"


def _interval(interval: Interval | None, scale: float) -> str:
    if interval is None:
        return ""
    return f"[{_number(interval.low, scale)}, {_number(interval.high, scale)}]"


def _difference(comparison: Comparison | None, scale: float) -> str:
    pair = None if comparison is None else comparison.paired
    if pair is None:
        return ""
    sign = "+" if pair.mean > 0 else ""
    reach = "" if pair.interval is None else (pair.interval.high - pair.interval.low) / 2
    return f"{sign}{_number(pair.mean, scale)}" + (
        f" ± {_number(reach, scale)}" if isinstance(reach, float) else ""
    )


def _p(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"{p:.3f}"
