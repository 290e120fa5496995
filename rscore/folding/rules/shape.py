"""Flatten, in the many ways in which it is written."""

from __future__ import annotations

from dataclasses import replace

from rscore.folding.ops import Flatten
from rscore.folding.rules.step import Step, numbered
from rscore.folding.values import Activation, Analog, Spikes, spikes_of, summed


def reshape(step: Step) -> Activation:
    """[B, C, H, W] to [B, C*H*W], or to the same; judged by the shapes alone."""
    before = step.node.all_input_nodes[0].meta["shape"]
    after = step.node.meta["shape"]
    if before == after:
        return step.input
    if len(after) != 2 or after[0] != before[0]:
        step.refuse(
            f"it makes {list(after)} of {list(before)}; only a flatten of everything behind the "
            "batch is supported, and RepeatTime and TimeMean where time is concerned"
        )
    return flat(step, step.input)


def flat(step: Step, source: Activation) -> Activation:
    """[C, H, W] to [F]; the scale is spread over the positions and flattened with it."""
    if isinstance(source, Analog):
        return Analog(step.builder.add(step.name, Flatten(), source.node), source.from_image)
    return summed([_flat(step, part, i) for i, part in enumerate(spikes_of(source))])


def _flat(step: Step, source: Spikes, index: int) -> Spikes:
    if source.pool is not None:  # the synapse behind it flattens what stands before the pool
        return replace(source, flat=True)
    node = step.builder.add(numbered(step.name, index), Flatten(), source.node)
    scale = None if source.scale is None else source.scale.expand(source.shape).reshape(-1)
    return Spikes(node, step.output_shape, scale)
