"""Pooling: which scales pass through which pool."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn
from torch.nn import functional as F

from rscore.folding.ops import AveragePool2d, MaxPool2d
from rscore.folding.rules.step import Step
from rscore.folding.values import Analog, Spikes, Value, spikes_of, summed


def pair(value: int | Sequence[int]) -> tuple[int, int]:
    """(rows, columns) of a module's size argument."""
    return (value, value) if isinstance(value, int) else (value[0], value[1])


def average_pool(step: Step) -> Value:
    """Layer and channel scales commute with a mean; an element-wise one waits for its synapse."""
    module = step.module
    if not isinstance(module, nn.AvgPool2d):
        step.refuse("not an average pool")
    if pair(module.padding) != (0, 0) or module.ceil_mode or module.divisor_override is not None:
        step.refuse("average pooling with padding, ceil_mode or divisor_override is not supported")
    return _average(step, pair(module.kernel_size), pair(module.stride))


def adaptive_average_pool(step: Step) -> Value:
    """Global average pool: one window over the whole map."""
    module = step.module
    if not isinstance(module, nn.AdaptiveAvgPool2d) or step.output_shape[-2:] != (1, 1):
        step.refuse("only AdaptiveAvgPool2d(1), the global average pool, is supported")
    source = step.synaptic_input()
    if isinstance(source, Analog):
        step.refuse("a global average pool must follow spikes")
    window = spikes_of(source)[0].mapped_size
    return _average(step, window, window)


def _average(step: Step, kernel: tuple[int, int], stride: tuple[int, int]) -> Value:
    source = step.synaptic_input()
    op = AveragePool2d(kernel=kernel, stride=stride)
    if isinstance(source, Analog):
        return Analog(step.builder.add(step.name, op, source.node), from_image=True)
    parts = enumerate(spikes_of(source))
    return summed([_averaged(step, part, index, op) for index, part in parts])


def _averaged(step: Step, source: Spikes, index: int, op: AveragePool2d) -> Spikes:
    kernel, stride = op.kernel, op.stride
    if source.flat:
        step.refuse("it needs a map, but what enters it was flattened")
    if source.element_wise or source.pool is not None:
        if kernel != stride:
            step.refuse(
                "an element-wise amplitude passes only an average pool whose stride is its window"
            )
        if source.pool is not None:
            kernel = (source.pool[0] * kernel[0], source.pool[1] * kernel[1])
        return Spikes(source.node, source.shape, source.scale, pool=kernel)
    name = step.name if index == 0 else f"{step.name}.stream{index}"
    node = step.builder.add(name, AveragePool2d(kernel=kernel, stride=stride), source.node)
    return Spikes(node, step.output_shape, source.scale)


def max_pool(step: Step) -> Value:
    """max over a . s: a > 0 is a . max over s, a < 0 is a . min over s."""
    module = step.module
    if not isinstance(module, nn.MaxPool2d):
        step.refuse("not a max pool")
    if pair(module.dilation) != (1, 1) or module.ceil_mode or module.return_indices:
        step.refuse("max pooling with dilation, ceil_mode or indices is not supported")
    source = step.synaptic_input()
    geometry: dict[str, Any] = {
        "kernel": pair(module.kernel_size),
        "stride": pair(module.stride),
        "padding": pair(module.padding),
    }
    if isinstance(source, Analog):
        op = MaxPool2d(**geometry)
        return Analog(step.builder.add(step.name, op, source.node), from_image=True)
    source = step.spikes()
    if source.pool is not None:
        step.refuse("a max pool cannot follow an average pool over element-wise amplitudes")
    scale = source.scale
    if scale is not None and source.element_wise:
        scale = _constant_per_window(step, scale, MaxPool2d(**geometry))
    negative = None
    if scale is not None and bool((scale < 0).any()):
        negative = (scale < 0).to(scale.dtype)
    op = MaxPool2d(**geometry, negative=negative)
    return Spikes(step.builder.add(step.name, op, source.node), step.output_shape, scale)


def _constant_per_window(step: Step, scale: Tensor, pool: MaxPool2d) -> Tensor:
    largest = F.max_pool2d(scale, pool.kernel, pool.stride, pool.padding)
    smallest = -F.max_pool2d(-scale, pool.kernel, pool.stride, pool.padding)
    if not bool((largest == smallest).all()):
        step.refuse(
            "an element-wise amplitude differs inside its windows and a max of differently scaled "
            "spikes is no scaled max; put the amplitude behind the pool"
        )
    return largest
