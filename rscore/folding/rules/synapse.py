"""Convolution and linear layers: where every amplitude ends up."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from rscore.folding.arithmetic import pooled_kernel, pooled_linear, scale_conv
from rscore.folding.ops import Conv2d, FactoredConv2d, Linear, Op
from rscore.folding.rules.pool import pair
from rscore.folding.rules.step import Step
from rscore.folding.values import Analog, Spikes


def conv(step: Step) -> Analog:
    """K * (a . s) = (a folded into K) * s; an element-wise a gives a kernel per position."""
    module, source = step.module, step.synaptic_input()
    if not isinstance(module, nn.Conv2d):
        step.refuse("not a convolution")
    if module.padding_mode != "zeros" or isinstance(module.padding, str):
        step.refuse("only convolutions with numeric zero padding are supported")
    from_image = isinstance(source, Analog)
    weight = module.weight.detach()
    bias = None if module.bias is None else module.bias.detach()
    geometry: dict[str, Any] = {"stride": pair(module.stride), "padding": pair(module.padding)}
    if isinstance(source, Spikes) and source.scale is not None:
        if source.element_wise:
            op = _element_conv(step, source, source.scale, weight, bias, geometry)
            return Analog(step.builder.add(step.name, op, source.node), from_image)
        weight = scale_conv(weight, source.scale, module.groups)
    op = Conv2d(
        weight=weight, bias=bias, dilation=pair(module.dilation), groups=module.groups, **geometry
    )
    return Analog(step.builder.add(step.name, op, source.node), from_image)


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


def linear(step: Step) -> Analog:
    """W . diag(a); behind an average pool over element-wise a, W grows to see every element."""
    module, source = step.module, step.synaptic_input()
    if not isinstance(module, nn.Linear):
        step.refuse("not a linear layer")
    weight = module.weight.detach()
    bias = None if module.bias is None else module.bias.detach()
    if isinstance(source, Spikes):
        if source.pool is not None:
            if not source.flat or source.scale is None:
                step.refuse("a linear layer behind a pool needs a flatten between them")
            channels, height, width = source.shape
            weight = pooled_linear(weight, (channels, height, width), source.pool)
            weight = weight * source.scale.expand(source.shape).reshape(-1)
        elif source.scale is not None:
            weight = weight * source.scale
    op = Linear(weight=weight, bias=bias)
    return Analog(step.builder.add(step.name, op, source.node), isinstance(source, Analog))
