"""Statistics of a cell: mean and sample standard deviation over its seeds."""

from __future__ import annotations

import statistics
from collections.abc import Sequence


def mean(values: Sequence[float]) -> float | None:
    """The arithmetic mean, or None of nothing."""
    return statistics.fmean(values) if values else None


def sample_std(values: Sequence[float]) -> float | None:
    """The standard deviation with n - 1 below the root, or None below two values."""
    return statistics.stdev(values) if len(values) > 1 else None


def is_share(metric: str) -> bool:
    """True for accuracies, which are shares of one and are spoken of in points of a hundred."""
    return metric.endswith("acc")
