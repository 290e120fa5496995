"""Runs to groups as the API shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from rscore.spec import RunSpec
from server.api.comparison_schemas import GroupMetric, GroupsRequest, RunGroup, RunGroups
from server.api.study_views import comparison_read, interval_read
from server.storage.models import Run
from server.storage.states import RunSource, RunStatus
from server.studies import groups
from server.studies.comparison import Comparison
from server.studies.groups import Group
from server.studies.significance import bca_interval, t_interval
from server.studies.statistics import goal_of
from server.studies.table import RunResult, complete

_DEFAULTS: Mapping[str, Any] = MappingProxyType(RunSpec().model_dump(mode="json"))


def whole_spec(run: Run) -> dict[str, Any]:
    """A run's spec, or its script's configuration.

    A field that came into being after a worker's run has the value that it would have got.
    """
    return dict(run.spec) if run.source == RunSource.SCRIPT else {**_DEFAULTS, **run.spec}


def run_groups(runs: Sequence[Run], asked: GroupsRequest) -> RunGroups:
    """Runs, oldest first, in groups with their statistics; raises ComparisonError."""
    results = [
        RunResult(
            run.id,
            run.status,
            whole_spec(run),
            run.summary,
            script=run.name if run.source == RunSource.SCRIPT else None,
        )
        for run in runs
    ]
    metrics = list(dict.fromkeys(asked.metrics))
    groups.check_metrics(metrics, results)
    by = None if asked.by is None else [name.removeprefix("spec.") for name in asked.by]
    fields, found = groups.group(results, by)
    baseline = None
    if asked.baseline is not None:
        wanted = {name.removeprefix("spec."): level for name, level in asked.baseline.items()}
        baseline = groups.find_baseline(found, wanted)
    goals = {metric: asked.goals.get(metric) or goal_of(metric) for metric in metrics}
    comparisons = {
        metric: [None] * len(found)
        if baseline is None
        else groups.compare(found, baseline, metric=metric, goal=goal)
        for metric, goal in goals.items()
    }
    return RunGroups.model_validate(
        {
            "by": fields,
            "metrics": metrics,
            "goals": goals,
            "total": len(results),
            "groups": [
                _group(
                    each,
                    {metric: compared[number] for metric, compared in comparisons.items()},
                    baseline=each is baseline,
                    bootstrap=asked.bootstrap,
                )
                for number, each in enumerate(found)
            ],
            "complete": complete(results),
        }
    )


def _group(
    group: Group,
    comparisons: Mapping[str, Comparison | None],
    *,
    baseline: bool,
    bootstrap: bool,
) -> RunGroup:
    return RunGroup(
        levels=group.cell.levels,
        script=group.cell.script,
        baseline=baseline,
        runs=len(group.results),
        counts={RunStatus(status): count for status, count in group.counts.items()},
        repeats=group.repeats,
        mixed=group.mixed,
        run_ids=[result.run_id for result in group.results],
        metrics=[
            _metric(group, metric, comparison, bootstrap=bootstrap)
            for metric, comparison in comparisons.items()
        ],
    )


def _metric(
    group: Group, metric: str, comparison: Comparison | None, *, bootstrap: bool
) -> GroupMetric:
    values = group.cell.values(metric)
    return GroupMetric(
        metric=metric,
        n=len(values),
        lacking=group.lacking(metric),
        mean=group.cell.mean(metric),
        std=group.cell.std(metric),
        interval=interval_read(t_interval(values)),
        bootstrap=interval_read(bca_interval(values)) if bootstrap else None,
        comparison=None if comparison is None else comparison_read(comparison),
        values=values,
    )
