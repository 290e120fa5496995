"""Dimensions of a sweep: how a parameter of a sweep file is drawn, in the words of W&B's files.

A sampler sees a dimension as a range of numbers or a list of choices; `value` turns what it drew
into the field's value. Distributions that samplers do not know (normal ones, choices with
probabilities) are drawn as a quantile between 0 and 1.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from statistics import NormalDist
from typing import Any, Protocol

_EDGE = 1e-9
"""How near to 0 and 1 a quantile comes: a normal value lies within six deviations."""


class Trial(Protocol):
    """What a dimension asks of a sampler: Optuna's Trial."""

    def suggest_float(self, name: str, low: float, high: float, *, log: bool = False) -> float:
        """A number between two others."""
        ...

    def suggest_int(self, name: str, low: int, high: int) -> int:
        """A whole number between two others."""
        ...

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        """One of a few values."""
        ...


@dataclass(frozen=True, slots=True)
class Choice:
    """One of some values; `probabilities` makes some likelier than others."""

    choices: Sequence[Any]
    probabilities: Sequence[float] | None = None

    def suggest(self, trial: Trial, name: str) -> Any:
        """Draw."""
        if self.probabilities is None:
            return trial.suggest_categorical(name, self.choices)
        return trial.suggest_float(name, 0.0, 1.0)

    def value(self, drawn: Any) -> Any:
        """The field's value."""
        if self.probabilities is None:
            return drawn
        ends = list(accumulate(self.probabilities))
        return self.choices[min(bisect_left(ends, drawn * ends[-1]), len(self.choices) - 1)]


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number between two others, both included."""

    low: int
    high: int

    def suggest(self, trial: Trial, name: str) -> Any:
        """Draw."""
        return trial.suggest_int(name, self.low, self.high)

    def value(self, drawn: Any) -> Any:
        """The field's value."""
        return drawn


@dataclass(frozen=True, slots=True)
class Span:
    """A number between two others, evenly or evenly in its logarithm, in steps of `q` if given."""

    low: float
    high: float
    log: bool = False
    q: float | None = None

    def suggest(self, trial: Trial, name: str) -> Any:
        """Draw."""
        return trial.suggest_float(name, self.low, self.high, log=self.log)

    def value(self, drawn: Any) -> Any:
        """The field's value."""
        return _rounded(drawn, self.q)


@dataclass(frozen=True, slots=True)
class Normal:
    """A normal number, or one whose logarithm is normal, in steps of `q` if given."""

    mu: float
    sigma: float
    log: bool = False
    q: float | None = None

    def suggest(self, trial: Trial, name: str) -> Any:
        """Draw a quantile."""
        return trial.suggest_float(name, _EDGE, 1 - _EDGE)

    def value(self, drawn: Any) -> Any:
        """The field's value."""
        number = NormalDist(self.mu, self.sigma).inv_cdf(drawn)
        return _rounded(math.exp(number) if self.log else number, self.q)


Kind = Choice | Whole | Span | Normal


@dataclass(frozen=True, slots=True)
class Dimension:
    """A field that varies; with `when`, only where earlier fields have one of those values."""

    name: str
    kind: Kind
    when: Mapping[str, Sequence[Any]] = field(default_factory=dict)

    def applies(self, values: Mapping[str, Any]) -> bool:
        """True where the conditions hold for the values that were drawn before."""
        return all(name in values and values[name] in wanted for name, wanted in self.when.items())


def _rounded(number: float, q: float | None) -> float:
    if q is None:
        return number
    rounded = round(number / q) * q
    # 3 * 0.1 is 0.30000000000000004: steps are shown as people write them.
    return float(f"{rounded:.12g}")
