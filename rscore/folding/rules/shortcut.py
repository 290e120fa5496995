"""Sums and products of a layer's output with that of a shortcut."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from rscore.folding.ops import Add, And, AndNot, Diagonal
from rscore.folding.rules.step import Step
from rscore.folding.values import Analog, Spikes, Streams, Value, spikes_of, summed
from rscore.networks.layers import Connect

MOST_STREAMS = 16
"""Differently scaled spikes in one sum; each costs a kernel in every layer behind it."""


def add(step: Step) -> Value:
    """Sum of two currents, of two spikes (SEW ADD), or of a current and spikes.

    Spikes beside a current become diag(a) . s, a diagonal synapse. The sum of spikes stays a sum
    of streams, each with its scale; streams of equal scale are counted together.
    """
    if len(step.inputs) != 2:
        step.refuse("only the sum of two maps is supported, not of a map and a number")
    left, right = step.inputs
    if not isinstance(left, Analog) and not isinstance(right, Analog):
        return _streams(step, [*spikes_of(left), *spikes_of(right)])
    names = [_as_current(step, value, index) for index, value in enumerate(step.inputs)]
    from_image = all(isinstance(value, Analog) and value.from_image for value in step.inputs)
    return Analog(step.builder.add(step.name, Add(), *names), from_image)


def multiply(step: Step) -> Value:
    """Product of two spikes (SEW AND): (a1 s1)(a2 s2) = (a1 a2)(s1 s2), binary again."""
    if len(step.inputs) != 2:
        step.refuse(
            "it multiplies a map with something that is no spikes; an amplitude of your own must "
            "be a module rscore.amplitude.Amplitude"
        )
    left, right = (_joinable(step, value) for value in step.inputs)
    products = [(one, two) for one in left for two in right]
    return _streams(
        step,
        [
            _both(step, one, two, _numbered(step.name, index))
            for index, (one, two) in enumerate(products)
        ],
    )


def connect(step: Step) -> Value:
    """A SEW block's ADD, AND or IAND."""
    module = step.module
    if not isinstance(module, Connect):
        step.refuse("not a connection of spikes")
    if module.kind == "add":
        return add(step)
    return multiply(step) if module.kind == "and" else _iand(step)


def _iand(step: Step) -> Value:
    """(1 - s) x. Plain spikes s let it stay binary: a (b and not s). A scaled s makes two streams.

    (1 - a1 s1)(a2 s2) = a2 s2 - (a1 a2)(s1 s2).
    """
    gate, source = (_joinable(step, value) for value in step.inputs)
    if len(gate) > 1:
        step.refuse("its first input is a sum of spikes; IAND needs spikes of 0 and 1 there")
    (closed,) = gate
    parts: list[Spikes] = []
    for index, part in enumerate(source):
        name = _numbered(step.name, index)
        if closed.scale is None:
            node = step.builder.add(name, AndNot(), closed.node, part.node)
            parts.append(replace(part, node=node))
        else:
            product = _both(step, closed, part, name)
            scale = product.scale
            parts += [part, replace(product, scale=None if scale is None else -scale)]
    return _streams(step, parts)


def _both(step: Step, one: Spikes, two: Spikes, name: str) -> Spikes:
    scales = [part.scale for part in (one, two) if part.scale is not None]
    scale = None if not scales else scales[0] if len(scales) == 1 else scales[0] * scales[1]
    return Spikes(step.builder.add(name, And(), one.node, two.node), one.shape, scale)


def _joinable(step: Step, value: Value) -> tuple[Spikes, ...]:
    if isinstance(value, Analog):
        step.refuse("it multiplies a current; only spikes can be multiplied exactly")
    parts = spikes_of(value)
    if any(part.pool is not None for part in parts):
        step.refuse("a pooled element-wise amplitude cannot enter a product")
    return parts


def _streams(step: Step, parts: list[Spikes]) -> Spikes | Streams:
    """The sum of the parts; those that owe the same scale are added first, as counts."""
    kept: list[Spikes] = []
    for part in parts:
        twin = next((i for i, one in enumerate(kept) if _same_debt(one, part)), None)
        if twin is None:
            kept.append(part)
            continue
        name = step.builder.fresh_name(f"{step.name}.count")
        node = step.builder.add(name, Add(), kept[twin].node, part.node)
        kept[twin] = replace(kept[twin], node=node)
    if len(kept) > MOST_STREAMS:
        step.refuse(
            f"{len(kept)} differently scaled spikes are summed here, over the limit of "
            f"{MOST_STREAMS}; use one amplitude behind the sum instead"
        )
    return summed(kept)


def _same_debt(one: Spikes, two: Spikes) -> bool:
    if (one.shape, one.pool, one.flat) != (two.shape, two.pool, two.flat):
        return False
    if one.scale is None or two.scale is None:
        return one.scale is two.scale
    return one.scale.shape == two.scale.shape and torch.equal(one.scale, two.scale)


def _as_current(step: Step, value: Value, index: int) -> str:
    if isinstance(value, Analog):
        return value.node
    total: str | None = None
    for number, part in enumerate(spikes_of(value)):
        name = f"{step.name}.diagonal{index}" + (f".{number}" if number else "")
        own = _diagonal(step, part, name)
        total = own if total is None else step.builder.add(f"{name}.sum", Add(), total, own)
    if total is None:
        step.refuse("nothing enters it")
    return total


def _diagonal(step: Step, part: Spikes, name: str) -> str:
    scale: Tensor | None = part.scale
    if scale is None:
        return part.node
    if part.pool is not None or part.flat:
        step.refuse("a pooled element-wise amplitude cannot enter a sum without a synapse")
    return step.builder.add(name, Diagonal(value=scale), part.node)


def _numbered(name: str, index: int) -> str:
    return name if index == 0 else f"{name}.stream{index}"
