"""Trials of a sweep, as we keep them and as Optuna does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from server.studies.search.dimension import Dimension


@dataclass(frozen=True, slots=True)
class Tried:
    """A trial so far: what was drawn, and what came of it."""

    drawn: Mapping[str, Any]
    values: Sequence[float] | None = None
    """Objectives in the study's order; None while it is open, and for one that failed."""
    state: Literal["open", "done", "pruned", "failed"] = "open"
    last: float | None = None
    """Of a pruned trial: the objective where it was stopped."""


def frozen(trial: Tried, dimensions: Sequence[Dimension], *, objectives: int = 1) -> Any:
    """A trial as Optuna keeps one."""
    from optuna.trial import TrialState, create_trial

    states = {
        "open": TrialState.RUNNING,
        "done": TrialState.COMPLETE,
        "pruned": TrialState.PRUNED,
        "failed": TrialState.FAIL,
    }
    known = {
        dimension.name: _distribution(dimension)
        for dimension in dimensions
        if dimension.name in trial.drawn
    }
    pruned = trial.state == "pruned" and trial.last is not None and objectives == 1
    return create_trial(
        state=states[trial.state],
        params={name: trial.drawn[name] for name in known},
        distributions=known,
        values=list(trial.values or []) if trial.state == "done" else None,
        intermediate_values={1: trial.last} if pruned and trial.last is not None else {},
    )


class _Recorder:
    """Stands in for a trial to learn the distribution that a dimension draws from."""

    def __init__(self) -> None:
        self.distribution: Any = None

    def suggest_float(self, _name: str, low: float, high: float, *, log: bool = False) -> float:
        from optuna.distributions import FloatDistribution

        self.distribution = FloatDistribution(low, high, log=log)
        return low

    def suggest_int(self, _name: str, low: int, high: int) -> int:
        from optuna.distributions import IntDistribution

        self.distribution = IntDistribution(low, high)
        return low

    def suggest_categorical(self, _name: str, choices: Sequence[Any]) -> Any:
        from optuna.distributions import CategoricalDistribution

        self.distribution = CategoricalDistribution(list(choices))
        return choices[0]


def _distribution(dimension: Dimension) -> Any:
    recorder = _Recorder()
    dimension.kind.suggest(recorder, dimension.name)
    return recorder.distribution
