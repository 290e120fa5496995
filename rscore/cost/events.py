"""How many spikes each value of a folded network stands for, primitive by primitive."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from torch import Tensor

from rscore.folding.ops import (
    Add,
    And,
    AndNot,
    AveragePool2d,
    Concatenate,
    Conv2d,
    Diagonal,
    FactoredConv2d,
    Flatten,
    FlattenTimeOp,
    LIFOp,
    Linear,
    MaxPool2d,
    NormalizeOp,
    Op,
    RepeatTimeOp,
    TimeMeanOp,
    UnsharedConv2d,
)

SYNAPSES = (Conv2d, FactoredConv2d, UnsharedConv2d, Linear, Diagonal)

Events = Tensor | None
"""Spikes that each value of a map stands for, or None for a map of analog values."""


def events_behind(op: Op, output: Tensor, inputs: list[Events]) -> Events:
    """Spikes behind a primitive.

    Args:
        op: the primitive.
        output: what it gave.
        inputs: the spikes before it.

    Raises:
        TypeError: if no rule is known for it.
    """
    if isinstance(op, LIFOp):
        return output.abs()
    rule = _RULES.get(type(op))
    if rule is None:
        raise TypeError(f"no rule counts the spikes behind {op.op}")
    known = [each for each in inputs if each is not None]
    return rule(op, output, known) if len(known) == len(inputs) else None


def _analog(op: Op, output: Tensor, inputs: list[Tensor]) -> Events:  # noqa: ARG001
    return None


def _moved(op: Op, output: Tensor, inputs: list[Tensor]) -> Events:  # noqa: ARG001
    moved: Tensor = op(*inputs)
    return moved


def _pooled(op: Op, output: Tensor, inputs: list[Tensor]) -> Events:  # noqa: ARG001
    if not isinstance(op, AveragePool2d):
        raise TypeError(f"{op.op} is no average pool")
    pooled: Tensor = op(*inputs)
    return pooled * (op.kernel[0] * op.kernel[1])


def _sent(op: Op, output: Tensor, inputs: list[Tensor]) -> Events:  # noqa: ARG001
    """What a max pool or a product of spikes sends: whole spikes, unless it saw averages."""
    size = output.abs()
    return size if bool((size == size.round()).all()) else None


_RULES: Mapping[type[Op], Callable[[Op, Tensor, list[Tensor]], Events]] = MappingProxyType(
    {
        AveragePool2d: _pooled,
        Flatten: _moved,
        Add: _moved,
        MaxPool2d: _sent,
        And: _sent,
        AndNot: _sent,
        Concatenate: _moved,
    }
    | dict.fromkeys((*SYNAPSES, NormalizeOp, RepeatTimeOp, FlattenTimeOp, TimeMeanOp), _analog)
)
"""How the spikes behind each primitive follow from those before it."""
