"""Parameters of a study document in the form of W&B's sweep files: fixed, listed, or drawn."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from server.studies.search.dimension import Choice, Dimension, Kind, Normal, Span, Whole
from server.studies.search.stopping import hyperband_rungs

Distribution = Literal[
    "constant",
    "categorical",
    "categorical_w_probabilities",
    "int_uniform",
    "uniform",
    "q_uniform",
    "log_uniform",
    "log_uniform_values",
    "q_log_uniform",
    "q_log_uniform_values",
    "inv_log_uniform",
    "inv_log_uniform_values",
    "normal",
    "q_normal",
    "log_normal",
    "q_log_normal",
]

_NEEDED: dict[str, tuple[str, ...]] = {
    "constant": ("value",),
    "categorical": ("values",),
    "categorical_w_probabilities": ("values", "probabilities"),
    **dict.fromkeys(("normal", "q_normal", "log_normal", "q_log_normal"), ()),
}
_RANGE = ("min", "max")
MOST_LEVELS = 10_000


class Parameter(BaseModel):
    """One field of the study: one `value`, a list of `values`, or a range to draw from.

    A range of whole numbers is drawn as `int_uniform`, any other as `uniform`, unless
    `distribution` says otherwise.
    """

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    value: Any = Field(None, description="The one value of this field in every run.")
    values: list[Any] | None = Field(
        None, description="The levels of this field.", min_length=1, max_length=MOST_LEVELS
    )
    min: int | float | None = Field(None, description="Least value that is drawn.")
    max: int | float | None = Field(None, description="Greatest value that is drawn.")
    distribution: Distribution | None = Field(None, description="How the value is drawn.")
    probabilities: list[float] | None = Field(None, description="Of each of `values`.")
    mu: float = Field(0.0, description="Mean of a normal distribution.")
    sigma: float = Field(1.0, description="Its standard deviation.", gt=0)
    q: float | None = Field(None, description="Step that a drawn value is rounded to.", gt=0)
    when: dict[str, Any] | None = Field(
        None,
        description="Draw this field only where earlier parameters have these values; "
        "elsewhere it keeps its value of base.",
    )

    @model_validator(mode="before")
    @classmethod
    def _is_written_out(cls, parameter: Any) -> Any:
        if isinstance(parameter, list):
            raise ValueError(f"a list of levels is written {{values: {_as_json(parameter)}}}")
        if isinstance(parameter, str | int | float | bool | None):
            raise ValueError(f"one value for all runs is written {{value: {_as_json(parameter)}}}")
        return parameter

    @model_validator(mode="after")
    def _is_one_thing(self) -> Self:
        given = self.model_fields_set
        if self.distribution is None and len({"value", "values", "min"} & given) != 1:
            raise ValueError(
                "give either value (one for all runs), values (a list of levels), "
                "or min and max (a range to draw from)"
            )
        kind = self.distribution or self._kind()
        missing = [name for name in _NEEDED.get(kind, _RANGE) if name not in given]
        if missing:
            raise ValueError(f"distribution {kind} needs {' and '.join(missing)}")
        self._check_range(kind)
        return self

    def _kind(self) -> str:
        given = self.model_fields_set
        if "value" in given:
            return "constant"
        if "values" in given:
            return "categorical_w_probabilities" if self.probabilities else "categorical"
        return (
            "int_uniform" if isinstance(self.min, int) and isinstance(self.max, int) else "uniform"
        )

    def _check_range(self, kind: str) -> None:
        if self.probabilities is not None and (
            self.values is None
            or len(self.probabilities) != len(self.values)
            or min(self.probabilities, default=-1) < 0
            or not sum(self.probabilities)
        ):
            raise ValueError("probabilities must be one number, not negative, for each of values")
        if self.min is None or self.max is None:
            return
        if self.min > self.max:
            raise ValueError(f"min {self.min} is above max {self.max}")
        if kind.endswith("log_uniform_values") and self.min <= 0:
            raise ValueError(f"min must be above 0 for {kind}")

    @property
    def fixed(self) -> bool:
        """True when the field has one value in every run, so it is no factor."""
        return self._named() == "constant"

    @property
    def listed(self) -> bool:
        """True when the field has a list of levels."""
        return self._named().startswith("categorical")

    @property
    def levels(self) -> Sequence[Any] | None:
        """What a grid goes through: the list, whole numbers or steps; None of any other range."""
        if self.listed:
            return self.values
        named = self._named()
        kind = self._drawn(named)
        if isinstance(kind, Whole):
            return range(kind.low, kind.high + 1)
        if isinstance(kind, Span) and kind.q is not None and named in ("uniform", "q_uniform"):
            return _steps(kind, kind.q)
        return None

    def ends(self) -> list[tuple[str, Any]]:
        """Values that must all be allowed if every draw is to be, with their place."""
        if self.listed:
            return [(f"values.{place}", level) for place, level in enumerate(self.values or [])]
        kind = self._drawn(self._named())
        if isinstance(kind, Whole | Span):
            return [("min", kind.value(kind.low)), ("max", kind.value(kind.high))]
        return [("mu", kind.value(0.5))]

    def dimension(self, name: str) -> Dimension:
        """What a sampler draws this field from."""
        when = {
            field: wanted if isinstance(wanted, list) else [wanted]
            for field, wanted in (self.when or {}).items()
        }
        return Dimension(name, self._drawn(self._named()), when)

    def _named(self) -> str:
        return self.distribution or self._kind()

    def _drawn(self, kind: str) -> Kind:
        if self.listed:
            return Choice(self.values or [], self.probabilities)
        if kind.endswith("normal"):
            return Normal(self.mu, self.sigma, log="log" in kind, q=self._step(kind))
        low, high = float(self.min or 0), float(self.max or 0)
        if kind == "int_uniform":
            return Whole(int(low), int(high))
        if kind.endswith("log_uniform"):  # the bounds are exponents of e
            low, high = math.exp(low), math.exp(high)
        return Span(low, high, log="log" in kind, q=self._step(kind))

    def _step(self, kind: str) -> float | None:
        return (self.q or 1.0) if kind.startswith("q_") else self.q


def _steps(span: Span, q: float) -> list[Any] | None:
    """Every value that a range in steps can give; None of more than any list may have."""
    count = (span.high - span.low) / q
    if count >= MOST_LEVELS:
        return None
    found = (
        span.value(min(span.low + step * q, span.high)) for step in range(int(count + 1e-9) + 1)
    )
    return list(dict.fromkeys(found))


def _as_json(levels: Any) -> str:
    text = json.dumps(levels, default=str)
    return text if len(text) <= 80 else text[:77] + "..."


class EarlyTerminate(BaseModel):
    """When trials are stopped early. `hyperband` is W&B's, `asha` its other name here."""

    model_config = ConfigDict(extra="forbid")

    type: Literal["hyperband", "asha", "median"]
    min_iter: int | None = Field(None, ge=1, description="Epoch of the first rung.")
    max_iter: int | None = Field(None, ge=1, description="Epochs from which rungs count down.")
    s: int = Field(2, ge=1, le=20, description="Rungs that count down from max_iter.")
    eta: float = Field(3.0, gt=1, le=100, description="One in so many passes a rung.")
    strict: bool = Field(False, description="Stop also where fewer than eta trials came so far.")
    min_trials: int = Field(5, ge=1, description="Others that the median rule waits for.")

    @model_validator(mode="after")
    def _has_a_beginning(self) -> Self:
        if self.type != "median" and (self.min_iter is None) == (self.max_iter is None):
            raise ValueError("give either min_iter or max_iter, in epochs")
        return self

    def rungs(self, epochs: int) -> tuple[int, ...]:
        """Of hyperband, the epochs at which a run of so many epochs may be stopped."""
        return hyperband_rungs(
            min_iter=self.min_iter, max_iter=self.max_iter, s=self.s, eta=self.eta, epochs=epochs
        )

    def first_epoch(self, epochs: int) -> int | None:
        """The first epoch at which a run of so many epochs may be stopped; None for no such."""
        first = (self.min_iter or 1,) if self.type == "median" else self.rungs(epochs)
        return next((epoch for epoch in first if epoch < epochs), None)
