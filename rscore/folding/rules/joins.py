"""Sums, products and concatenations of maps: shortcuts, SEW blocks, channels side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from rscore.folding.ops import Add, And, AndNot, Concatenate
from rscore.folding.rules.currents import current_of
from rscore.folding.rules.step import Step, numbered
from rscore.folding.rules.streams import sum_of_spikes
from rscore.folding.values import Activation, Analog, Spikes, Streams, spikes_of
from rscore.networks.layers import Connect


def connect(step: Step) -> Activation:
    """A SEW block's ADD, AND or IAND."""
    module = step.module
    if not isinstance(module, Connect):
        step.refuse("not a connection of spikes")
    given = step.arguments("s", "x")
    left, right = step.activation(given["s"]), step.activation(given["x"])
    if module.kind == "add":
        return add(step, left, right)
    return both(step, left, right) if module.kind == "and" else and_not(step, left, right)


def add(step: Step, left: Activation, right: Activation) -> Activation:
    """Sum of two currents, of two spikes (SEW ADD), or of a current and spikes.

    Spikes beside a current become diag(a) . s, a diagonal synapse. The sum of spikes stays a sum
    of streams, each with its scale; streams of equal scale are counted together.
    """
    if not isinstance(left, Analog) and not isinstance(right, Analog):
        return sum_of_spikes(step, [*spikes_of(left), *spikes_of(right)])
    one, two = current_of(step, left, "diagonal0"), current_of(step, right, "diagonal1")
    node = step.builder.add(step.name, Add(), one.node, two.node)
    return Analog(node, one.from_image and two.from_image)


def both(step: Step, left: Activation, right: Activation) -> Spikes | Streams:
    """Product of two spikes (SEW AND): (a1 s1)(a2 s2) = (a1 a2)(s1 s2), binary again."""
    pairs = [(one, two) for one in _gated(step, left) for two in _gated(step, right)]
    products = [_product(step, *pair, numbered(step.name, i)) for i, pair in enumerate(pairs)]
    return sum_of_spikes(step, products)


def and_not(step: Step, gate: Activation, source: Activation) -> Spikes | Streams:
    """(1 - s) x. Plain spikes s let it stay binary: a (x and not s). A scaled s makes two streams.

    (1 - a1 s1)(a2 s2) = a2 s2 - (a1 a2)(s1 s2).
    """
    closing, parts = _gated(step, gate), _gated(step, source)
    joined: list[Spikes] = []
    if len(closing) == 1 and closing[0].scale is None:
        for index, part in enumerate(parts):
            name = numbered(step.name, index)
            node = step.builder.add(name, AndNot(), closing[0].node, part.node)
            joined.append(replace(part, node=node))
        return sum_of_spikes(step, joined)
    for part in parts:
        joined.append(part)
        for one in closing:
            product = _product(step, one, part, step.name)
            scale = _one() if product.scale is None else product.scale
            joined.append(replace(product, scale=-_as_scale(scale, product.shape)))
    return sum_of_spikes(step, joined)


def concatenate(step: Step, values: Sequence[Activation]) -> Activation:
    """Channels side by side: scales are concatenated as the spikes are."""
    spikes = [value for value in values if isinstance(value, Spikes)]
    if len(spikes) == len(values) and len({(one.pool, one.flat) for one in spikes}) == 1:
        node = step.builder.add(step.name, Concatenate(), *(one.node for one in spikes))
        return _side_by_side(spikes, node)
    currents = [current_of(step, one, f"diagonal{i}") for i, one in enumerate(values)]
    node = step.builder.add(step.name, Concatenate(), *(one.node for one in currents))
    return Analog(node, all(isinstance(one, Analog) and one.from_image for one in values))


def _side_by_side(spikes: Sequence[Spikes], node: str) -> Spikes:
    first = spikes[0]
    shape = (sum(one.shape[0] for one in spikes), *first.shape[1:])
    if all(one.scale is None for one in spikes):
        return replace(first, node=node, shape=shape)
    full = any(one.element_wise for one in spikes)
    scales = []
    for one in spikes:
        owed = _one() if one.scale is None else one.scale
        spread = one.shape if full else (one.shape[0], *(1,) * (len(one.shape) - 1))
        scales.append(_as_scale(owed, one.shape).expand(spread))
    return replace(first, node=node, shape=shape, scale=torch.cat(scales))


def _one() -> Tensor:
    return torch.ones(1, dtype=torch.float64)


def _as_scale(value: Tensor, shape: tuple[int, ...]) -> Tensor:
    return value if value.dim() == len(shape) else value.view((1,) * len(shape))


def _product(step: Step, one: Spikes, two: Spikes, name: str) -> Spikes:
    scales = [part.scale for part in (one, two) if part.scale is not None]
    scale = None if not scales else scales[0] if len(scales) == 1 else scales[0] * scales[1]
    return Spikes(step.builder.add(name, And(), one.node, two.node), one.shape, scale)


def _gated(step: Step, value: Activation) -> tuple[Spikes, ...]:
    if isinstance(value, Analog):
        step.refuse("it multiplies a current; only spikes can be multiplied exactly")
    parts = spikes_of(value)
    if any(part.pool is not None for part in parts):
        step.refuse("a pooled element-wise amplitude cannot enter a product")
    return parts
