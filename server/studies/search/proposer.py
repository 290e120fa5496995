"""What a sweep tries next: Optuna's samplers, asked anew each time from the runs that exist.

Nothing but the runs is remembered between two proposals, so that a scheduler that was killed, or
a second one, proposes the same: the sampler's seed is made of the study's id and the number of
the trial.
"""

from __future__ import annotations

import importlib.util
import warnings
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from server.errors import ServerError
from server.studies.search.dimension import Dimension
from server.studies.search.trials import Tried, frozen

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler

Method = Literal["random", "bayes", "tpe", "gp"]
Goal = Literal["maximize", "minimize"]
MOST_TRIES = 50
"""How often a draw is repeated that gives a specification which cannot be."""


class SamplerError(ServerError):
    """A method that cannot draw here; the message says why, and what to do."""


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
            study.add_trial(frozen(trial, dimensions, objectives=len(goals)))
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

    if method == "gp" and importlib.util.find_spec("torch") is None:
        raise SamplerError(
            "method gp computes with PyTorch, which is not installed where the scheduler runs: run "
            "the scheduler beside a worker's installation, or submit the sweep with method bayes"
        )
    if method == "random":
        return samplers.RandomSampler(seed=seed)
    if method == "gp" and objectives == 1:
        return samplers.GPSampler(seed=seed, deterministic_objective=False)
    # Trials that are still open count as bad, so that parallel ones do not crowd together.
    return samplers.TPESampler(seed=seed, constant_liar=True)
