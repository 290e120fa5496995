"""What a sweep tries next: Optuna's samplers, asked anew each time from the runs that exist.

Nothing but the runs is remembered between two proposals, so that a scheduler that was killed, or
a second one, proposes the same: the sampler's seed is made of the study's id and the number of
the trial.
"""

from __future__ import annotations

import warnings
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from server.studies.search.dimension import Dimension

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler

Method = Literal["random", "bayes", "tpe", "gp"]
Goal = Literal["maximize", "minimize"]
MOST_TRIES = 50
"""How often a draw is repeated that gives a specification which cannot be."""


@dataclass(frozen=True, slots=True)
class Tried:
    """A trial so far: what was drawn, and what came of it."""

    drawn: Mapping[str, Any]
    values: Sequence[float] | None = None
    """Objectives in the study's order; None while it is open, and for one that failed."""
    state: Literal["open", "done", "pruned", "failed"] = "open"
    last: float | None = None
    """Of a pruned trial: the objective where it was stopped."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What to try: what the sampler drew, and the fields that this means."""

    drawn: dict[str, Any] = field(default_factory=dict)
    fields: dict[str, Any] = field(default_factory=dict)


def propose(
    method: Method,
    dimensions: Sequence[Dimension],
    tried: Sequence[Tried],
    *,
    goals: Sequence[Goal],
    study_id: str,
    redraw: int = 0,
) -> Proposal:
    """The next trial of a sweep; the same for the same trials, whoever asks.

    Args:
        goals: maximize or minimize, for each objective.
        redraw: how often this trial was drawn in vain.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        seed = zlib.crc32(f"{study_id}/{len(tried)}/{redraw}".encode())
        study = optuna.create_study(
            sampler=_sampler(method, seed, objectives=len(goals)), directions=list(goals)
        )
        for trial in tried:
            study.add_trial(_frozen(trial, dimensions, objectives=len(goals)))
        asked = study.ask()
        proposal = Proposal()
        for dimension in dimensions:
            if dimension.applies(proposal.fields):
                drawn = dimension.kind.suggest(asked, dimension.name)
                proposal.drawn[dimension.name] = drawn
                proposal.fields[dimension.name] = dimension.kind.value(drawn)
    return proposal


def _sampler(method: Method, seed: int, *, objectives: int) -> BaseSampler:
    from optuna import samplers

    if method == "random":
        return samplers.RandomSampler(seed=seed)
    if method == "gp" and objectives == 1:
        return samplers.GPSampler(seed=seed, deterministic_objective=False)
    # Trials that are still open count as bad, so that parallel ones do not crowd together.
    return samplers.TPESampler(seed=seed, constant_liar=True)


def _frozen(trial: Tried, dimensions: Sequence[Dimension], *, objectives: int) -> Any:
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
