"""Statistics of a cell, its mean and sample standard deviation, and what kind a metric is."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Literal


def mean(values: Sequence[float]) -> float | None:
    """The arithmetic mean, or None of nothing."""
    return statistics.fmean(values) if values else None


def sample_std(values: Sequence[float]) -> float | None:
    """The standard deviation with n - 1 below the root, or None below two values."""
    return statistics.stdev(values) if len(values) > 1 else None


def is_share(metric: str) -> bool:
    """True for accuracies, which are shares of one and are spoken of in points of a hundred."""
    return metric.endswith("acc")


_SMALLER_IS_BETTER = ("loss", "seconds", "synops", "macs", "bytes", "parameters", "energy", "_pj")


def goal_of(metric: str) -> Literal["maximize", "minimize"]:
    """Which way a metric is better, where no study says: costs and losses are small."""
    name = metric.partition("/")[0]
    return "minimize" if any(part in name for part in _SMALLER_IS_BETTER) else "maximize"
