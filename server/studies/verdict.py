"""What a paired comparison means, in one sentence for a person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from server.studies.significance import Paired
from server.studies.statistics import is_share

ALPHA = 0.05
Finding = Literal["better", "worse", "unclear", "equal", "untested"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The finding, and the sentence that says it."""

    finding: Finding
    sentence: str


def judge(
    *,
    name: str,
    baseline: str,
    metric: str,
    goal: str,
    comparison: Paired | None,
    p: float | None,
) -> Verdict:
    """The verdict on `name` against `baseline`.

    Args:
        goal: maximize or minimize; it says which sign is better.
        comparison: None when the two share no seed.
        p: of the paired t-test, corrected for all comparisons of the table.
    """
    if comparison is None:
        return Verdict("untested", f"{name} and {baseline} have no seed in common yet")
    unit = _Unit.of(metric)
    if p is None or comparison.interval is None:
        seen = unit.signed(comparison.mean)
        return Verdict(
            "untested", f"{name} differs from {baseline} by {seen}; one seed tells nothing"
        )
    tail = f"p {_p(p)}, n = {comparison.n}"
    if comparison.mean == 0 and not comparison.std:
        return Verdict("equal", f"{name} equals {baseline} on every seed, n = {comparison.n}")
    reach = unit.plain((comparison.interval.high - comparison.interval.low) / 2)
    if p < ALPHA:
        better = (comparison.mean > 0) == (goal == "maximize")
        verb = "beats" if better else "is worse than"
        by = f"{unit.plain(abs(comparison.mean))} ± {reach}{unit.name}"
        return Verdict("better" if better else "worse", f"{name} {verb} {baseline} by {by}, {tail}")
    difference = f"{unit.signed(comparison.mean, with_name=False)} ± {reach}{unit.name}"
    return Verdict(
        "unclear",
        f"{name} and {baseline} cannot be told apart: {difference}, {tail}; {_wish(comparison)}",
    )


@dataclass(frozen=True, slots=True)
class _Unit:
    factor: float
    name: str

    @staticmethod
    def of(metric: str) -> _Unit:
        """Accuracies are shares and are spoken of in points of a hundred."""
        return _Unit(100.0, " points") if is_share(metric) else _Unit(1.0, "")

    def plain(self, value: float) -> str:
        scaled = value * self.factor
        return f"{scaled:.2f}" if self.factor != 1 else f"{scaled:.3g}"

    def signed(self, value: float, *, with_name: bool = True) -> str:
        sign = "+" if value >= 0 else "\N{MINUS SIGN}"
        return f"{sign}{self.plain(abs(value))}{self.name if with_name else ''}"


def _wish(comparison: Paired) -> str:
    needed = comparison.seeds_needed
    if needed is None:
        return "more seeds are unlikely to show a difference this small"
    if needed <= comparison.n:
        return "a few more seeds should tell"
    return f"too few seeds to tell: a difference of this size needs about {needed}"


def _p(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"= {p:.3f}" if p < 0.1 else f"= {p:.2f}"
