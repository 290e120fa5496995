"""Addition of a shortcut: the identity carries a . s and keeps it as a diagonal synapse."""

from __future__ import annotations

from rscore.folding.ops import Add, Diagonal
from rscore.folding.rules.step import Step
from rscore.folding.values import Analog, Spikes, Value


def add(step: Step) -> Analog:
    """Sum of two currents, where spikes on an identity shortcut become diag(a) . s first."""
    if len(step.inputs) != 2:
        step.refuse("only the sum of two maps is supported, not of a map and a number")
    if all(isinstance(value, Spikes) for value in step.inputs):
        step.refuse(
            "it sums the real-valued spikes of two layers (a SEW block); no single kernel is exact "
            "and one kernel per stream is not supported yet"
        )
    names = [_as_current(step, value, index) for index, value in enumerate(step.inputs)]
    from_image = all(isinstance(value, Analog) and value.from_image for value in step.inputs)
    return Analog(step.builder.add(step.name, Add(), *names), from_image)


def _as_current(step: Step, value: Value, index: int) -> str:
    if isinstance(value, Analog) or value.scale is None:
        return value.node
    if value.pool is not None or value.flat:
        step.refuse("a pooled element-wise amplitude cannot enter a sum without a synapse")
    return step.builder.add(f"{step.name}.diagonal{index}", Diagonal(value=value.scale), value.node)
