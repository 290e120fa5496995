"""Convolution and linear layers: where every amplitude ends up."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from torch import Tensor, nn

from rscore.folding.arithmetic import pooled_kernel, pooled_linear, pooled_size, scale_conv
from rscore.folding.ops import Add, Conv2d, FactoredConv2d, Flatten, Linear, Op
from rscore.folding.rules.pool import pair
from rscore.folding.rules.step import Step, numbered
from rscore.folding.values import Analog, Spikes, Window, spikes_of


def conv(step: Step) -> Analog:
    """K * (a . s) = (a folded into K) * s; an element-wise a gives a kernel per position.

    A sum of spikes gets one such kernel for each of its streams: K * (Σ a_k . s_k) is the sum of
    (a_k folded into K) * s_k, and no single kernel is exact.
    """
    module = step.module
    if not isinstance(module, nn.Conv2d):
        step.refuse("not a convolution")
    if module.padding_mode != "zeros" or isinstance(module.padding, str):
        step.refuse("only convolutions with numeric zero padding are supported")
    step.require_map()
    return _per_stream(step, partial(_conv, step, module))


def linear(step: Step) -> Analog:
    """W . diag(a), one for each stream of a sum.

    Behind an average pool over an element-wise a, W grows to see every element.
    """
    module = step.module
    if not isinstance(module, nn.Linear):
        step.refuse("not a linear layer")
    if len(step.input_shape) != 1:
        step.refuse(f"a sample has shape {step.input_shape} here; flatten it before")
    return _per_stream(step, partial(_linear, module))


def _per_stream(step: Step, make: Callable[[Spikes | None, Tensor | None], Op]) -> Analog:
    """One synapse per stream, summed; the bias is in the first."""
    source, builder = step.synaptic_input(), step.builder
    bias = step.module.bias
    own_bias = bias.detach() if isinstance(bias, Tensor) else None
    if isinstance(source, Analog):
        name = builder.add(step.name, make(None, own_bias), source.node)
        return Analog(name, from_image=True, synapses=(name,))
    names: list[str] = []
    total = ""
    for index, part in enumerate(spikes_of(source)):
        op = make(part, None if index else own_bias)
        before = part.node
        if part.pool is not None and part.flat:
            before = builder.add(f"{numbered(step.name, index)}.flatten", Flatten(), before)
        names.append(builder.add(numbered(step.name, index), op, before))
        total = (
            builder.add(f"{step.name}.sum{index}", Add(), total, names[-1]) if index else names[0]
        )
    return Analog(total, from_image=False, synapses=tuple(names))


def _conv(step: Step, module: nn.Conv2d, source: Spikes | None, bias: Tensor | None) -> Op:
    weight = module.weight.detach()
    padding = (0, 0) if isinstance(module.padding, str) else pair(module.padding)
    geometry: dict[str, Any] = {
        "stride": pair(module.stride),
        "padding": padding,
        "dilation": pair(module.dilation),
        "groups": module.groups,
    }
    if source is None or source.scale is None:
        return Conv2d(weight=weight, bias=bias, **geometry)
    if source.pool is not None:
        return _behind_pool(step, source, source.scale, weight, bias, geometry)
    if source.element_wise:
        amplitude = source.scale.expand(source.shape)
        return FactoredConv2d(weight=weight, amplitude=amplitude, bias=bias, **geometry)
    return Conv2d(weight=scale_conv(weight, source.scale, module.groups), bias=bias, **geometry)


def _behind_pool(
    step: Step,
    source: Spikes,
    scale: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    geometry: dict[str, Any],
) -> Op:
    """Pool and convolution as one unshared convolution on the map before the pool."""
    pool, (_, height, width) = source.pool, source.shape
    if pool is None:
        step.refuse("no pool waits before it")
    if geometry["dilation"] != (1, 1):
        step.refuse("an element-wise amplitude passes no pool before a dilated convolution")
    if not pool.tiles and geometry["padding"] != (0, 0):
        step.refuse(
            "an element-wise amplitude passes an overlapping average pool only before a "
            "convolution without padding; use a pool whose stride is its window, or put the "
            "amplitude behind the pool"
        )
    rows, columns = pooled_size((height, width), pool.kernel, pool.stride)
    seen_rows, seen_columns = _covered(rows, pool, 0), _covered(columns, pool, 1)
    stretched = {
        name: (geometry[name][0] * pool.stride[0], geometry[name][1] * pool.stride[1])
        for name in ("stride", "padding")
    }
    return FactoredConv2d(
        weight=pooled_kernel(weight, pool.kernel, pool.stride),
        amplitude=scale.expand(source.shape)[:, :seen_rows, :seen_columns],
        bias=bias,
        groups=geometry["groups"],
        **stretched,
    )


def _covered(windows: int, pool: Window, axis: int) -> int:
    """Rows (axis 0) or columns (axis 1) that some window covers."""
    return (windows - 1) * pool.stride[axis] + pool.kernel[axis]


def _linear(module: nn.Linear, source: Spikes | None, bias: Tensor | None) -> Op:
    weight = module.weight.detach()
    if source is not None and source.scale is not None:
        if source.pool is not None:
            channels, height, width = source.shape
            shape = (channels, height, width)
            weight = pooled_linear(weight, shape, source.pool.kernel, source.pool.stride)
            weight = weight * source.scale.expand(shape).reshape(-1)
        else:
            weight = weight * source.scale
    return Linear(weight=weight, bias=bias)
