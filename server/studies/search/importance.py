"""Which parameters mattered: the share of a metric's variance that each of them explains alone.

Functional ANOVA over a random forest (Hutter, Hoos and Leyton-Brown, An Efficient Approach for
Assessing Hyperparameter Importance, ICML 2014), as Optuna implements it. Shares add up to 1, also
where a metric is noise: they rank parameters, and test nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from server.studies.search.dimension import Dimension
from server.studies.search.trials import Tried, frozen

FEWEST = 10
"""Runs below which a forest tells nothing."""
MOST = 1000
"""Runs that the forest learns from; of more, so many evenly from the first to the last."""
_DEPTH = 6
"""Of the trees. Deeper ones give the same ranking, and time grows with the square of leaves."""


@dataclass(frozen=True, slots=True)
class Importance:
    """Shares by parameter, the largest first; none, and why, where nothing can be said."""

    runs: int
    """Runs that it was computed from."""
    shares: Mapping[str, float] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)
    """Parameters without a share, and why."""
    notice: str | None = None

    def sentence(self, metric: str, epoch: int | None) -> str:
        """What it says, for a person; `epoch` is where the runs were compared."""
        if self.notice is not None:
            return f"importance for {metric}: {self.notice}"
        where = "" if epoch is None else f" at epoch {epoch}"
        told = ", ".join(f"{name} {100 * share:.0f} %" for name, share in self.shares.items())
        return f"importance for {metric}{where}, over {self.runs} runs: {told}"


def importance(
    dimensions: Sequence[Dimension], measured: Sequence[tuple[Mapping[str, Any], float]]
) -> Importance:
    """The importance of each dimension for a metric.

    Args:
        measured: what was drawn for a run, and the metric's value.
    """
    finite = [pair for pair in measured if math.isfinite(pair[1])]
    found = _reason_for_none(dimensions, finite)
    if found is not None:
        return Importance(runs=len(finite), notice=found)
    chosen = finite[:: math.ceil(len(finite) / MOST)]
    always = [each for each in dimensions if all(each.name in drawn for drawn, _ in chosen)]
    left_out = {each.name: "not every run has it" for each in dimensions if each not in always}
    if not always:
        return Importance(
            runs=len(chosen), left_out=left_out, notice="no parameter was drawn for every run"
        )
    return Importance(runs=len(chosen), shares=_fanova(always, chosen), left_out=left_out)


def _reason_for_none(
    dimensions: Sequence[Dimension], measured: Sequence[tuple[Mapping[str, Any], float]]
) -> str | None:
    if not dimensions:
        return "no parameter varies in this study"
    if len(measured) < FEWEST:
        return f"{len(measured)} runs are too few to tell: it needs {FEWEST}"
    if len({value for _, value in measured}) == 1:
        return "every run has the same value, so no parameter made a difference"
    return None


def _fanova(
    dimensions: Sequence[Dimension], measured: Sequence[tuple[Mapping[str, Any], float]]
) -> dict[str, float]:
    import optuna
    from optuna.importance import FanovaImportanceEvaluator, get_param_importances

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study()
    study.add_trials(
        [frozen(Tried(drawn, [value], "done"), dimensions) for drawn, value in measured]
    )
    evaluator = FanovaImportanceEvaluator(max_depth=_DEPTH, seed=0)
    names = [each.name for each in dimensions]
    found = get_param_importances(study, evaluator=evaluator, params=names)
    return {name: float(share) for name, share in found.items()}
