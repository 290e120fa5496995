"""Spikes that enter a neuron or a sum of currents without a synapse get a diagonal one."""

from __future__ import annotations

from rscore.folding.ops import Add, Diagonal, FactoredConv2d, Flatten, Op
from rscore.folding.rules.step import Step
from rscore.folding.values import Activation, Analog, Spikes, spikes_of


def current_of(step: Step, value: Activation, label: str = "diagonal") -> Analog:
    """The current that a value is in the training net: a . s for spikes, summed over streams."""
    if isinstance(value, Analog):
        return value
    total = ""
    for index, part in enumerate(spikes_of(value)):
        name = f"{step.name}.{label}" + (f".{index}" if index else "")
        own = _current(step, part, name)
        total = step.builder.add(f"{name}.sum", Add(), total, own) if index else own
    return Analog(total, from_image=False)


def _current(step: Step, part: Spikes, name: str) -> str:
    if part.scale is None:
        return part.node
    if part.pool is None:
        return step.builder.add(name, Diagonal(value=part.scale), part.node)
    node = step.builder.add(name, _pooled_diagonal(part), part.node)
    return step.builder.add(f"{name}.flatten", Flatten(), node) if part.flat else node


def _pooled_diagonal(part: Spikes) -> Op:
    """pool(a . s) as a depthwise unshared convolution."""
    scale, pool = part.scale, part.pool
    if scale is None or pool is None:
        raise ValueError("only a pool that waits for its synapse has to be written as one")
    channels, area = part.shape[0], pool.kernel[0] * pool.kernel[1]
    return FactoredConv2d(
        weight=scale.new_full((channels, 1, *pool.kernel), 1 / area),
        amplitude=scale.expand(part.shape),
        stride=pool.stride,
        groups=channels,
    )
