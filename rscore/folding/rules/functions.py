"""What is written as a function or a method instead of a layer."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.nn import functional as F

from rscore.folding.ops import Diagonal, NormalizeOp
from rscore.folding.rules.joins import add, both, concatenate
from rscore.folding.rules.pool import adaptive_average_pool, average, average_pool, max_pool
from rscore.folding.rules.scale import per_sample, scaled
from rscore.folding.rules.shape import flat, reshape
from rscore.folding.rules.step import Step
from rscore.folding.values import Activation, Analog, Spikes, Streams, Window

Rule = Callable[[Step], Activation]


def total(step: Step) -> Activation:
    """x + y: a shortcut, a sum of spikes, or the image and a constant."""
    given = step.arguments("input", "other", "alpha")
    if given.get("alpha", 1) != 1:
        step.refuse("its argument alpha has no exact folding rule")
    left, right = given["input"], given["other"]
    if _is_activation(left) and _is_activation(right):
        return add(step, left, right)
    value, constant = _with_constant(step, left, right)
    return _normalized(step, value, mean=-constant, std=torch.ones_like(constant))


def product(step: Step) -> Activation:
    """x . y: a gate of two spikes, or a scale of your own that is a number or a parameter."""
    given = step.arguments("input", "other")
    left, right = given["input"], given["other"]
    if _is_activation(left) and _is_activation(right):
        return both(step, left, right)
    value, constant = _with_constant(step, left, right)
    if isinstance(value, Spikes | Streams):
        return scaled(step, value, constant)
    if not value.from_image:
        step.refuse("it scales a current; scale the weights before it or the spikes behind it")
    factor = per_sample(step, constant, step.output_shape)
    node = step.builder.add(step.name, Diagonal(value=factor), value.node)
    return Analog(node, from_image=True)


def difference(step: Step) -> Activation:
    """x - c, of the image alone."""
    given = step.arguments("input", "other")
    left, right = given["input"], given["other"]
    if not _is_activation(left):
        step.refuse(
            "it subtracts from a constant; for (1 - s) . x write rscore.networks.layers.Connect"
            '("iand")'
        )
    if _is_activation(right):
        step.refuse("differences of maps are not supported; write a sum")
    value, constant = _with_constant(step, left, right)
    return _normalized(step, value, mean=constant, std=torch.ones_like(constant))


def quotient(step: Step) -> Activation:
    """x / c, of the image or of spikes."""
    given = step.arguments("input", "other")
    if not _is_activation(given["input"]) or _is_activation(given["other"]):
        step.refuse("it divides by a map")
    value, constant = _with_constant(step, given["input"], given["other"])
    if isinstance(value, Spikes | Streams):
        return scaled(step, value, 1 / constant)
    return _normalized(step, value, mean=torch.zeros_like(constant), std=constant)


def mean(step: Step) -> Activation:
    """The mean over rows and columns: a global average pool."""
    given = step.arguments("input", "dim", "keepdim")
    source, dims = step.activation(given["input"]), given.get("dim")
    shape = step.input_shape
    rank = len(shape) + 1
    chosen = {one % rank for one in dims} if isinstance(dims, list | tuple) else set()
    if rank != 4 or chosen != {2, 3}:
        step.refuse(
            "only a mean over rows and columns, x.mean((2, 3)), is supported; the mean over time "
            "is rscore.networks.layers.TimeMean"
        )
    keeps = bool(given.get("keepdim", False))
    window = Window((shape[1], shape[2]), (shape[1], shape[2]))
    pool = step if keeps else replace(step, name=f"{step.name}.pool")
    pooled = average(pool, source, window)
    return pooled if keeps else flat(step, pooled)


def cat(step: Step) -> Activation:
    """Channels, or features, side by side."""
    given = step.arguments("tensors", "dim")
    if given.get("dim", 0) != 1:
        step.refuse("only channels can be concatenated (dim=1)")
    return concatenate(step, [step.activation(one) for one in given["tensors"]])


def dropout(step: Step) -> Activation:
    """Nothing, where it is switched off."""
    given = step.arguments("input", "p", "training", "inplace")
    if given.get("training", True):
        step.refuse("it stays active in eval mode; write F.dropout(x, p, self.training)")
    return step.activation(given["input"])


def unchanged(step: Step) -> Activation:
    """A call that gives the same numbers."""
    return step.input


def _layer(kind: type[nn.Module], rule: Rule, *names: str) -> Rule:
    """The rule of the layer that a function stands for."""

    def fold_call(step: Step) -> Activation:
        settings = step.arguments("input", *names)
        del settings["input"]
        return rule(replace(step, module=kind(**settings)))

    return fold_call


def _is_activation(value: object) -> bool:
    return isinstance(value, Analog | Spikes | Streams)


def _with_constant(step: Step, left: Any, right: Any) -> tuple[Activation, Tensor]:
    value, constant = (left, right) if _is_activation(left) else (right, left)
    if not isinstance(constant, Tensor | int | float):
        step.refuse(f"it combines a map with a {type(constant).__name__}")
    return step.activation(value), torch.as_tensor(constant, dtype=torch.float64)


def _normalized(step: Step, value: Activation, *, mean: Tensor, std: Tensor) -> Analog:
    """(x - mean) / std of the image."""
    if not isinstance(value, Analog) or not value.from_image:
        step.refuse("only the image itself can be shifted or divided by a constant")
    shape = step.output_shape
    op = NormalizeOp(mean=per_sample(step, mean, shape), std=per_sample(step, std, shape))
    return Analog(step.builder.add(step.name, op, value.node), from_image=True)


_AVERAGE = _layer(
    nn.AvgPool2d,
    average_pool,
    "kernel_size",
    "stride",
    "padding",
    "ceil_mode",
    "count_include_pad",
    "divisor_override",
)
_MAX = _layer(
    nn.MaxPool2d,
    max_pool,
    "kernel_size",
    "stride",
    "padding",
    "dilation",
    "ceil_mode",
    "return_indices",
)
_ADAPTIVE = _layer(nn.AdaptiveAvgPool2d, adaptive_average_pool, "output_size")

FUNCTIONS: Mapping[Any, Rule] = MappingProxyType(
    {
        operator.add: total,
        operator.iadd: total,
        torch.add: total,
        operator.mul: product,
        operator.imul: product,
        torch.mul: product,
        operator.sub: difference,
        torch.sub: difference,
        operator.truediv: quotient,
        torch.div: quotient,
        torch.flatten: reshape,
        torch.reshape: reshape,
        torch.squeeze: reshape,
        torch.mean: mean,
        torch.cat: cat,
        F.avg_pool2d: _AVERAGE,
        F.max_pool2d: _MAX,
        torch.max_pool2d: _MAX,
        F.adaptive_avg_pool2d: _ADAPTIVE,
        F.dropout: dropout,
    }
)
"""Rule of each function; what is not here is refused."""

METHODS: Mapping[fx.node.Target, Rule] = MappingProxyType(
    {
        "add": total,
        "mul": product,
        "sub": difference,
        "div": quotient,
        "flatten": reshape,
        "view": reshape,
        "reshape": reshape,
        "squeeze": reshape,
        "mean": mean,
        "contiguous": unchanged,
        "clone": unchanged,
        "detach": unchanged,
    }
)
"""Rule of each method of a tensor."""
