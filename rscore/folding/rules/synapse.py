"""Convolution and linear layers: where every amplitude ends up."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from torch import Tensor, nn

from rscore.folding.arithmetic import pooled_kernel, pooled_linear, scale_conv
from rscore.folding.ops import Add, Conv2d, FactoredConv2d, Linear, Op
from rscore.folding.rules.pool import pair
from rscore.folding.rules.step import Step
from rscore.folding.values import Analog, Spikes, spikes_of


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
    return _per_stream(step, partial(_conv, step, module))


def linear(step: Step) -> Analog:
    """W . diag(a), one for each stream of a sum.

    Behind an average pool over an element-wise a, W grows to see every element.
    """
    module = step.module
    if not isinstance(module, nn.Linear):
        step.refuse("not a linear layer")
    return _per_stream(step, partial(_linear, step, module))


def _per_stream(step: Step, make: Callable[[Spikes | None, Tensor | None], Op]) -> Analog:
    """One synapse per stream, summed; the bias is in the first."""
    source = step.synaptic_input()
    bias = step.module.bias
    own_bias = bias.detach() if isinstance(bias, Tensor) else None
    if isinstance(source, Analog):
        name = step.builder.add(step.name, make(None, own_bias), source.node)
        return Analog(name, from_image=True, synapses=(name,))
    names: list[str] = []
    total = ""
    for index, part in enumerate(spikes_of(source)):
        name = step.name if index == 0 else f"{step.name}.stream{index}"
        op = make(part, own_bias if index == 0 else None)
        names.append(step.builder.add(name, op, part.node))
        total = name
        if index:
            before = names[0] if index == 1 else f"{step.name}.sum{index - 1}"
            total = step.builder.add(f"{step.name}.sum{index}", Add(), before, name)
    return Analog(total, from_image=False, synapses=tuple(names))


def _conv(step: Step, module: nn.Conv2d, source: Spikes | None, bias: Tensor | None) -> Op:
    weight = module.weight.detach()
    padding = (0, 0) if isinstance(module.padding, str) else pair(module.padding)
    geometry: dict[str, Any] = {"stride": pair(module.stride), "padding": padding}
    if source is not None and source.scale is not None:
        if source.element_wise:
            return _element_conv(step, source, source.scale, weight, bias, geometry)
        weight = scale_conv(weight, source.scale, module.groups)
    return Conv2d(
        weight=weight, bias=bias, dilation=pair(module.dilation), groups=module.groups, **geometry
    )


def _element_conv(
    step: Step,
    source: Spikes,
    scale: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    geometry: dict[str, Any],
) -> Op:
    module = step.module
    if not isinstance(module, nn.Conv2d) or module.groups != 1 or pair(module.dilation) != (1, 1):
        step.refuse("element-wise amplitudes into grouped or dilated convolutions: not supported")
    if source.pool is None:
        return FactoredConv2d(weight=weight, amplitude=scale, bias=bias, **geometry)
    rows, columns = source.pool
    if rows != columns:
        step.refuse("element-wise amplitudes pass square average pools only")
    height, width = (source.shape[1] // rows * rows, source.shape[2] // rows * rows)
    stretched = {key: (value[0] * rows, value[1] * rows) for key, value in geometry.items()}
    return FactoredConv2d(
        weight=pooled_kernel(weight, rows),
        amplitude=scale[:, :height, :width],
        bias=bias,
        **stretched,
    )


def _linear(step: Step, module: nn.Linear, source: Spikes | None, bias: Tensor | None) -> Op:
    weight = module.weight.detach()
    if source is not None and source.pool is not None:
        if not source.flat or source.scale is None:
            step.refuse("a linear layer behind a pool needs a flatten between them")
        channels, height, width = source.shape
        weight = pooled_linear(weight, (channels, height, width), source.pool)
        weight = weight * source.scale.expand(source.shape).reshape(-1)
    elif source is not None and source.scale is not None:
        weight = weight * source.scale
    return Linear(weight=weight, bias=bias)
