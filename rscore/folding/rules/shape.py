"""Flatten, and layers that do nothing at inference."""

from __future__ import annotations

from torch import nn

from rscore.folding.ops import Flatten
from rscore.folding.rules.step import Step
from rscore.folding.values import Analog, Spikes, Value, spikes_of, summed


def passthrough(step: Step) -> Value:
    """Identity, and dropout in eval mode."""
    return step.input


def flatten(step: Step) -> Value:
    """[C, H, W] to [F]; the scale is spread over the positions and flattened with it."""
    module, source = step.module, step.input
    if isinstance(module, nn.Flatten) and (module.start_dim, module.end_dim) != (1, -1):
        step.refuse("only a flatten of everything behind the batch is supported")
    if isinstance(source, Analog):
        name = step.builder.add(step.name, Flatten(), source.node)
        return Analog(name, source.from_image)
    return summed([_flat(step, part, index) for index, part in enumerate(spikes_of(source))])


def _flat(step: Step, source: Spikes, index: int) -> Spikes:
    name = step.name if index == 0 else f"{step.name}.stream{index}"
    step.builder.add(name, Flatten(), source.node)
    if source.pool is not None:
        return Spikes(name, source.shape, source.scale, source.pool, flat=True)
    scale = source.scale
    if scale is not None:
        scale = scale.expand(source.shape).reshape(-1)
    return Spikes(name, step.output_shape, scale)
