"""Whether two cells of a study differ: intervals, paired tests over the same seeds, and how sure.

Every function takes plain numbers and is defined by its counterpart in scipy.stats, which does the
arithmetic; it is imported where it is used, because it takes half a second.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from server.studies.statistics import mean, sample_std

LEVEL = 0.95
POWER = 0.8
"""Chance with which `seeds_needed` seeds would show the difference that was seen."""
MOST_SEEDS = 1000
RESAMPLES = 9999
EXACT_UP_TO = 16
"""Seeds up to which every change of signs is tried; beyond, so many at random."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A confidence interval."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Paired:
    """A cell minus its baseline, over the seeds that both have."""

    n: int
    mean: float
    std: float | None
    """Sample standard deviation of the differences; None for fewer than two."""
    interval: Interval | None
    """Of the mean difference, by Student's t."""
    effect_size: float | None
    """Cohen's d_z: the mean difference over its standard deviation."""
    p_t: float | None
    """Paired t-test, two-sided."""
    p_wilcoxon: float | None
    """Wilcoxon's signed-rank test, two-sided, exact for few seeds without ties."""
    p_permutation: float | None
    """Sign-flip permutation test of the mean, two-sided, exact up to 16 seeds."""

    @property
    def seeds_needed(self) -> int | None:
        """Seeds at which a paired t-test would likely show a difference of this size."""
        return seeds_needed(self.mean, self.std)


def t_interval(values: Sequence[float], level: float = LEVEL) -> Interval | None:
    """Student's interval of the mean; None for fewer than two values."""
    middle, spread = mean(values), sample_std(values)
    if middle is None or spread is None:
        return None
    from scipy import stats

    reach = float(stats.t.ppf((1 + level) / 2, len(values) - 1)) * spread / math.sqrt(len(values))
    return Interval(middle - reach, middle + reach)


def bca_interval(values: Sequence[float], level: float = LEVEL) -> Interval | None:
    """Bootstrap interval of the mean, bias-corrected and accelerated (Efron, 1987).

    The same values always give the same interval. None for fewer than three values, from which
    nothing can be resampled, and for values that are all equal.
    """
    if len(values) < 3 or len(set(values)) == 1:
        return None
    from scipy import stats

    found = stats.bootstrap(
        (np.asarray(values, dtype=float),),
        np.mean,
        confidence_level=level,
        n_resamples=RESAMPLES,
        method="BCa",
        rng=np.random.default_rng(0),
    ).confidence_interval
    low, high = float(found.low), float(found.high)
    return Interval(low, high) if math.isfinite(low) and math.isfinite(high) else None


def paired(values: Mapping[int, float], baseline: Mapping[int, float]) -> Paired | None:
    """A cell against its baseline, each a value for every seed; None when no seed is shared."""
    shared = sorted(values.keys() & baseline.keys())
    differences = [values[seed] - baseline[seed] for seed in shared]
    middle, spread = mean(differences), sample_std(differences)
    if middle is None:
        return None
    return Paired(
        n=len(differences),
        mean=middle,
        std=spread,
        interval=t_interval(differences),
        effect_size=middle / spread if spread else None,
        p_t=p_t(differences),
        p_wilcoxon=_p_wilcoxon(differences),
        p_permutation=_p_permutation(differences),
    )


def p_t(differences: Sequence[float]) -> float | None:
    """Two-sided p of the paired t-test, given the pairs' differences; None for fewer than two."""
    middle, spread = mean(differences), sample_std(differences)
    if middle is None or spread is None:
        return None
    if spread == 0:
        return 0.0 if middle else 1.0
    from scipy import stats

    n = len(differences)
    return float(2 * stats.t.sf(abs(middle) / (spread / math.sqrt(n)), n - 1))


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Holm's step-down correction (1979) over the tests of one table; None stays None."""
    known = sorted((p, place) for place, p in enumerate(p_values) if p is not None)
    corrected: list[float | None] = [None] * len(p_values)
    highest = 0.0
    for rank, (p, place) in enumerate(known):
        highest = max(highest, min(1.0, (len(known) - rank) * p))
        corrected[place] = highest
    return corrected


def seeds_needed(difference: float, spread: float | None) -> int | None:
    """Fewest seeds with which a paired t-test shows such a difference with a chance of 80 %.

    None where that cannot be told (no spread, no difference) or takes more than 1,000.
    """
    if not spread or not difference:
        return None
    low, high = 2, MOST_SEEDS
    if _power(abs(difference) / spread, high) < POWER:
        return None
    while low < high:
        middle = (low + high) // 2
        if _power(abs(difference) / spread, middle) >= POWER:
            high = middle
        else:
            low = middle + 1
    return low


def _power(effect: float, n: int) -> float:
    from scipy import stats

    bound = stats.t.ppf((1 + LEVEL) / 2, n - 1)
    shift = effect * math.sqrt(n)
    # Far out, scipy's tail below the bound underflows to NaN: there is nothing left of it.
    below = float(stats.nct.cdf(-bound, n - 1, shift))
    above = float(stats.nct.sf(bound, n - 1, shift))
    return (below if math.isfinite(below) else 0.0) + (above if math.isfinite(above) else 1.0)


def _p_wilcoxon(differences: Sequence[float]) -> float | None:
    if len(differences) < 2:
        return None
    if not any(differences):
        return 1.0
    from scipy import stats

    return float(stats.wilcoxon(differences).pvalue)


def _p_permutation(differences: Sequence[float]) -> float | None:
    n = len(differences)
    if n < 2:
        return None
    sizes = np.abs(np.asarray(differences))
    if n <= EXACT_UP_TO:
        signs = np.array(list(product((-1.0, 1.0), repeat=n - 1)))
        # The last sign may stay as it is: the other half of the sums mirrors this one.
        sums = np.abs(signs @ sizes[:-1] + sizes[-1])
        extra = 0
    else:
        signs = np.random.default_rng(0).choice((-1.0, 1.0), size=(RESAMPLES, n))
        sums = np.abs(signs @ sizes)
        extra = 1  # what was seen is one of the ways too
    seen = abs(sum(differences)) * (1 - 1e-12)
    return float((np.count_nonzero(sums >= seen) + extra) / (len(sums) + extra))
