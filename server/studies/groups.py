"""Groups of any runs: those alike in some fields of their specs, and what tells the others apart.

A study plans its cells; here they are found. Runs of scripts have whatever names their
configuration has, and never share a group with runs that workers trained.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rscore.spec import nearest_name
from server.errors import ComparisonError
from server.studies.comparison import Comparison, title
from server.studies.significance import holm, paired
from server.studies.spec import SCRIPT
from server.studies.statistics import mean
from server.studies.table import Cell, RunResult
from server.studies.verdict import judge

SEED = "seed"


@dataclass(frozen=True, slots=True)
class Group:
    """Runs with the same levels."""

    cell: Cell
    """Its runs, without those that only repeat another one."""
    results: list[RunResult]
    """All of its runs, oldest first."""
    mixed: list[str]
    """Fields besides the seed in which its runs differ all the same."""

    @property
    def repeats(self) -> int:
        """Runs left out of the statistics because a newer one has the same spec and seed."""
        return len(self.results) - len(self.cell.results)

    @property
    def counts(self) -> dict[str, int]:
        """How many runs are in which state."""
        return dict(Counter(result.status for result in self.results))

    def lacking(self, metric: str) -> int:
        """Runs that succeeded and do not have the metric."""
        succeeded = sum(result.status == "succeeded" for result in self.cell.results)
        return succeeded - len(self.cell.values(metric))


def group(results: Sequence[RunResult], by: Sequence[str] | None) -> tuple[list[str], list[Group]]:
    """The fields that groups differ by, and the groups in the order of their oldest runs.

    Without fields to group `by`, those are all that differ anywhere, except the seed. Raises
    ComparisonError for a field that no run has.
    """
    specs = [result.spec for result in results]
    fields = [name for name in differing(specs) if name != SEED] if by is None else list(by)
    if specs:
        _check_fields(fields, specs)
    members: dict[Hashable, list[RunResult]] = defaultdict(list)
    for result in results:
        levels = (_same(result.spec.get(name)) for name in fields)
        members[result.script, *levels].append(result)
    return fields, [_group(fields, runs) for runs in members.values()]


def _group(fields: Sequence[str], results: list[RunResult]) -> Group:
    first = results[0]
    return Group(
        cell=Cell(
            {name: first.spec.get(name) for name in fields},
            _without_repeats(results),
            script=first.script,
        ),
        results=results,
        mixed=[
            name
            for name in differing([result.spec for result in results])
            if name != SEED and name not in fields
        ],
    )


def _without_repeats(results: Sequence[RunResult]) -> list[RunResult]:
    """One run for each spec with a seed, if possible one that succeeded, then the newest.

    The same training twice says nothing new, and would make the interval too narrow. Without a
    seed, runs alike are different draws.
    """
    kept: dict[Hashable, RunResult] = {}
    for number, result in enumerate(results):
        key: Hashable = number
        if result.seed is not None:
            key = frozenset((name, _same(value)) for name, value in result.spec.items())
        before = kept.get(key)
        if before is None or result.status == "succeeded" or before.status != "succeeded":
            kept[key] = result
    return list(kept.values())


def differing(specs: Sequence[Mapping[str, Any]]) -> list[str]:
    """Names under which not all specs have the same; a name that is missing is null."""
    names = dict.fromkeys(name for spec in specs for name in spec)
    return [name for name in names if len({_same(spec.get(name)) for spec in specs}) > 1]


def identical(specs: Mapping[str, Mapping[str, Any]]) -> list[list[str]]:
    """Keys of the specs that have all in common with another one, a list for each such spec."""
    alike: dict[Hashable, list[str]] = defaultdict(list)
    for key, spec in specs.items():
        said = ((name, _same(value)) for name, value in spec.items() if value is not None)
        alike[frozenset(said)].append(key)
    return [keys for keys in alike.values() if len(keys) > 1]


def find_baseline(groups: Sequence[Group], wanted: Mapping[str, Any]) -> Group:
    """The one group with these levels; raises ComparisonError when there is not exactly one."""
    found = [each for each in groups if _has(each.cell, wanted)]
    if len(found) == 1:
        return found[0]
    said = ", ".join(f"{name} = {json.dumps(level)}" for name, level in wanted.items())
    if not found:
        there = "; ".join(_levels(each.cell) for each in groups[:5])
        raise ComparisonError("baseline", f"no group has {said}", f"there are: {there}")
    open_names = differing([each.cell.levels for each in found])
    raise ComparisonError(
        "baseline",
        f"{len(found)} groups have {said}",
        f"say more: {', '.join(open_names) or SCRIPT}",
    )


def _has(cell: Cell, wanted: Mapping[str, Any]) -> bool:
    known = {**cell.levels, SCRIPT: cell.script}
    return all(name in known and _same(known[name]) == _same(wanted[name]) for name in wanted)


def _levels(cell: Cell) -> str:
    named = {SCRIPT: cell.script} if cell.script else {}
    said = {**named, **cell.levels}
    return ", ".join(f"{name} = {json.dumps(level)}" for name, level in said.items()) or "all runs"


def compare(
    groups: Sequence[Group], baseline: Group, *, metric: str, goal: str
) -> list[Comparison | None]:
    """A comparison for every group, None for the baseline itself; as studies make them.

    Where several runs of a group have one seed, their mean is compared.
    """
    against = by_seed(baseline.cell, metric)
    pairs = [
        None if each is baseline else paired(by_seed(each.cell, metric), against) for each in groups
    ]
    corrected = holm([None if pair is None else pair.p_t for pair in pairs])
    return [
        None
        if each is baseline
        else Comparison(
            paired=pair,
            p=p,
            verdict=judge(
                name=title(each.cell, baseline.cell),
                baseline=title(baseline.cell, each.cell),
                metric=metric,
                goal=goal,
                comparison=pair,
                p=p,
            ),
        )
        for each, pair, p in zip(groups, pairs, corrected, strict=True)
    ]


def by_seed(cell: Cell, metric: str) -> dict[int, float]:
    """The metric by seed, the mean of all runs that have one seed."""
    values: dict[int, list[float]] = defaultdict(list)
    for result in cell.results:
        if result.status == "succeeded" and result.seed is not None and metric in result.summary:
            values[result.seed].append(result.summary[metric])
    means = {seed: mean(each) for seed, each in values.items()}
    return {seed: value for seed, value in means.items() if value is not None}


def _check_fields(fields: Iterable[str], specs: Sequence[Mapping[str, Any]]) -> None:
    known = {name for spec in specs for name in spec}
    for field in fields:
        if field in known:
            continue
        close = nearest_name(field, sorted(known))
        raise ComparisonError(
            "by",
            f"no run has a field {field!r}",
            f"did you mean {close!r}?" if close else f"there are: {', '.join(sorted(known))}",
        )


def check_metrics(metrics: Iterable[str], results: Sequence[RunResult]) -> None:
    """Raise ComparisonError for a metric that no run has, unless none has any."""
    known = {name for result in results for name in result.summary}
    for metric in metrics if known else ():
        if metric in known:
            continue
        close = nearest_name(metric, sorted(known))
        raise ComparisonError(
            "metrics",
            f"no run has a metric {metric!r}",
            f"did you mean {close!r}?" if close else f"there are: {', '.join(sorted(known))}",
        )


def _same(value: Any) -> Hashable:
    """What two values have in common if and only if they are the same; 1 is 1.0, and not true."""
    if isinstance(value, str | int | float | None):
        return (isinstance(value, bool), value)
    return json.dumps(value, sort_keys=True)
