"""Flatten, and layers that do nothing at inference."""

from __future__ import annotations

from torch import nn

from rscore.folding.ops import Flatten
from rscore.folding.rules.step import Step
from rscore.folding.values import Analog, Spikes, Value


def passthrough(step: Step) -> Value:
    """Identity, and dropout in eval mode."""
    return step.input


def flatten(step: Step) -> Value:
    """[C, H, W] to [F]; the scale is spread over the positions and flattened with it."""
    module, source = step.module, step.input
    if isinstance(module, nn.Flatten) and (module.start_dim, module.end_dim) != (1, -1):
        step.refuse("only a flatten of everything behind the batch is supported")
    name = step.builder.add(step.name, Flatten(), source.node)
    if isinstance(source, Analog):
        return Analog(name, source.from_image)
    if source.pool is not None:
        return Spikes(name, source.shape, source.scale, source.pool, flat=True)
    scale = source.scale
    if scale is not None:
        scale = scale.expand(source.shape).reshape(-1)
    return Spikes(name, step.output_shape, scale)
