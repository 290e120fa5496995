"""A study's table before anybody shows it: cells, baseline and comparisons over one metric."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rscore.spec import nearest_name
from server.errors import StudyError
from server.studies.comparison import Comparison, baseline_of, compare
from server.studies.expand import expand
from server.studies.report import Reference, Report, make_report
from server.studies.spec import StudyDocument
from server.studies.statistics import goal_of
from server.studies.table import Cell, RunResult, tabulate


@dataclass(frozen=True, slots=True)
class Layout:
    """A study over one metric."""

    document: StudyDocument
    metric: str
    goal: str
    factors: list[str]
    cells: list[Cell]
    baseline: Cell | None
    comparisons: list[Comparison | None]
    planned: int
    """Runs that each planned cell should have."""

    def report(self, *, study_id: str, run_url: str) -> Report:
        """The report of the study."""
        return make_report(
            title=self.document.name,
            study_id=study_id,
            metric=self.metric,
            goal=self.goal,
            factors=self.factors,
            cells=self.cells,
            baseline=self.baseline,
            comparisons=self.comparisons,
            planned=self.planned,
            references=[
                Reference(item.name, item.value, item.source) for item in self.document.references
            ],
            run_url=run_url,
            own_metric=self.metric == self.document.metric.name,
        )


def lay_out(
    stored: Mapping[str, Any], results: Sequence[RunResult], metric: str | None = None
) -> Layout:
    """The layout of a stored document; raises StudyError for a metric that no run has.

    The trials of a sweep are not compared with one another: each was tried once, and the best of
    many looks better than it is.
    """
    document = StudyDocument.model_validate(stored)
    plan = expand(document, run_limit=sys.maxsize)
    name = metric or document.metric.name
    _check_metric(name, results)
    goal = document.metric.goal if name == document.metric.name else goal_of(name)
    cells = tabulate(plan.cells, plan.factors, results)
    baseline = None if document.searches else baseline_of(cells, document.baseline)
    return Layout(
        document=document,
        metric=name,
        goal=goal,
        factors=plan.factors,
        cells=cells,
        baseline=baseline,
        comparisons=[None] * len(cells)
        if baseline is None
        else compare(cells, baseline, metric=name, goal=goal),
        planned=1 if document.searches else len(plan.seeds),
    )


def _check_metric(metric: str, results: Sequence[RunResult]) -> None:
    known = {name for result in results for name in result.summary}
    if not known or metric in known:
        return
    close = nearest_name(metric, sorted(known))
    raise StudyError(
        "metric",
        f"no run of this study has a metric {metric!r}",
        f"did you mean {close!r}?" if close else f"there are: {', '.join(sorted(known))}",
    )
