"""When a trial of a sweep is stopped early, by what others had reached at the same epoch."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Curve = Mapping[int, float]
"""Objective by epoch, 1 being the first."""


@dataclass(frozen=True, slots=True)
class Halving:
    """Asynchronous successive halving: at each rung only the best 1/eta of those that came so far.

    Source: Li et al., A System for Massively Parallel Hyperparameter Tuning, MLSys 2020
    (arXiv 1810.05934), in its stopping form: a trial is stopped at a rung, never paused there.
    """

    rungs: tuple[int, ...]
    eta: float = 3.0
    strict: bool = False
    """Stop at a rung also where fewer than eta trials have come so far."""

    def stops(self, own: Curve, others: Sequence[Curve], goal: str) -> int | None:
        """The epoch of the rung at which a trial falls behind, or None to go on."""
        for rung in self.rungs:
            mine = own.get(rung)
            if mine is None:
                continue
            reached = [mine, *(curve[rung] for curve in others if rung in curve)]
            if len(reached) < self.eta and not self.strict:
                continue
            kept = max(1, int(len(reached) / self.eta))
            best_first = sorted(reached, reverse=goal == "maximize")
            if _worse(mine, best_first[kept - 1], goal):
                return rung
        return None


@dataclass(frozen=True, slots=True)
class Median:
    """Stops a trial whose best value so far is worse than the others' median at that epoch.

    Source: Golovin et al., Google Vizier, KDD 2017, the median stopping rule; the others' values
    are taken at the epoch itself, as Optuna's MedianPruner does.
    """

    min_epoch: int = 1
    min_trials: int = 5

    def stops(self, own: Curve, others: Sequence[Curve], goal: str) -> int | None:
        """The last epoch, if the trial is behind there; else None."""
        if not own:
            return None
        epoch = max(own)
        reached = [curve[epoch] for curve in others if epoch in curve]
        if epoch < self.min_epoch or len(reached) < self.min_trials:
            return None
        best = max(own.values()) if goal == "maximize" else min(own.values())
        return epoch if _worse(best, statistics.median(reached), goal) else None


def hyperband_rungs(
    *, min_iter: int | None, max_iter: int | None, s: int, eta: float, epochs: int
) -> tuple[int, ...]:
    """Epochs of the rungs of W&B's `hyperband`: upwards from min_iter or down from max_iter.

    A rung at the last epoch or behind it stops nothing and is left out.
    """
    rungs: list[int] = []
    if min_iter is not None:
        rung = float(min_iter)
        while rung < epochs:
            rungs.append(round(rung))
            rung *= eta
    elif max_iter is not None:
        rungs = [round(max_iter / eta**power) for power in range(s, 0, -1)]
    return tuple(sorted({rung for rung in rungs if 1 <= rung < epochs}))


def pareto_front(
    points: Sequence[Sequence[float]], goals: Sequence[Literal["maximize", "minimize"]]
) -> list[int]:
    """Places of the points that no other point beats in one objective without losing in another."""
    signs = [1.0 if goal == "maximize" else -1.0 for goal in goals]
    gains = [[sign * value for sign, value in zip(signs, point, strict=True)] for point in points]
    front: list[int] = []
    # Best first, a point can only be dominated by one that stands before it.
    for place in sorted(range(len(gains)), key=gains.__getitem__, reverse=True):
        if not any(_dominates(gains[other], gains[place]) for other in front):
            front.append(place)
    return sorted(front)


def _dominates(one: Sequence[float], other: Sequence[float]) -> bool:
    pairs = list(zip(one, other, strict=True))
    return all(a >= b for a, b in pairs) and any(a > b for a, b in pairs)


def _worse(one: float, other: float, goal: str) -> bool:
    return one < other if goal == "maximize" else one > other
