"""Pooling: which scales pass through which pool."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from rscore.folding.ops import AveragePool2d, MaxPool2d, Pair
from rscore.folding.rules.step import Step, numbered
from rscore.folding.values import Activation, Analog, Spikes, Streams, Window, spikes_of, summed


def pair(value: int | Sequence[int]) -> Pair:
    """(rows, columns) of a module's size argument."""
    return (value, value) if isinstance(value, int) else (value[0], value[1])


def average_pool(step: Step) -> Activation:
    """Layer and channel scales commute with a mean; an element-wise one waits for its synapse."""
    module = step.module
    if not isinstance(module, nn.AvgPool2d):
        step.refuse("not an average pool")
    if module.ceil_mode or module.divisor_override is not None:
        step.refuse("average pooling with ceil_mode or divisor_override is not supported")
    padding = pair(module.padding)
    if padding != (0, 0) and not module.count_include_pad:
        step.refuse("average pooling whose padding is not counted is not supported")
    window = Window(pair(module.kernel_size), pair(module.stride))
    return average(step, step.input, window, padding)


def adaptive_average_pool(step: Step) -> Activation:
    """Windows of one size that tile the map; one over all of it for the global average pool."""
    if not isinstance(step.module, nn.AdaptiveAvgPool2d):
        step.refuse("not an adaptive average pool")
    step.require_map()
    (_, height, width), (_, rows, columns) = step.input_shape, step.output_shape
    if height % rows or width % columns:
        step.refuse(
            f"its output of {rows}x{columns} does not divide the map of {height}x{width}; only "
            "windows of one size are supported, such as the global average pool"
        )
    kernel = (height // rows, width // columns)
    return average(step, step.input, Window(kernel, kernel))


def average(step: Step, source: Activation, window: Window, padding: Pair = (0, 0)) -> Activation:
    """Mean of each window of a map; padded zeros count."""
    step.require_map()
    op = AveragePool2d(kernel=window.kernel, stride=window.stride, padding=padding)
    if isinstance(source, Analog):
        return Analog(step.builder.add(step.name, op, source.node), source.from_image)
    parts = [
        _averaged(step, part, op, numbered(step.name, index))
        for index, part in enumerate(spikes_of(source))
    ]
    return summed(parts)


def _averaged(step: Step, source: Spikes, op: AveragePool2d, name: str) -> Spikes:
    if not source.element_wise and source.pool is None:
        pool = AveragePool2d(kernel=op.kernel, stride=op.stride, padding=op.padding)
        node = step.builder.add(name, pool, source.node)
        return Spikes(node, step.output_shape, source.scale)
    if op.padding != (0, 0):
        step.refuse("an element-wise amplitude passes only average pools without padding")
    waits = Window(op.kernel, op.stride)
    if source.pool is not None:
        waits = _composed(step, source.pool, waits)
    return Spikes(source.node, source.shape, source.scale, pool=waits)


def _composed(step: Step, first: Window, second: Window) -> Window:
    """Two average pools as one."""
    if not first.tiles:
        step.refuse("an element-wise amplitude cannot pass a pool behind an overlapping pool")
    kernel = (first.kernel[0] * second.kernel[0], first.kernel[1] * second.kernel[1])
    stride = (first.kernel[0] * second.stride[0], first.kernel[1] * second.stride[1])
    return Window(kernel, stride)


def max_pool(step: Step) -> Activation:
    """max over a . s: a > 0 is a . max over s, a < 0 is a . min over s."""
    module, source = step.module, step.input
    if not isinstance(module, nn.MaxPool2d):
        step.refuse("not a max pool")
    if module.return_indices:
        step.refuse("max pooling that returns indices is not supported")
    step.require_map()
    pool = MaxPool2d(
        kernel=pair(module.kernel_size),
        stride=pair(module.stride),
        padding=pair(module.padding),
        dilation=pair(module.dilation),
        ceil_mode=module.ceil_mode,
    )
    if isinstance(source, Analog):
        return Analog(step.builder.add(step.name, pool, source.node), source.from_image)
    if isinstance(source, Streams):
        step.refuse(
            "a max over a sum of differently scaled spikes is no sum of scaled maxima; put a "
            "neuron before it"
        )
    if source.pool is not None:
        step.refuse("a max pool cannot follow an average pool over element-wise amplitudes")
    scale = source.scale
    if scale is not None and source.element_wise:
        scale = _constant_per_window(step, scale.expand(source.shape), pool)
    if scale is not None and bool((scale < 0).any()):
        pool.negative = (scale < 0).to(scale.dtype)
    return Spikes(step.builder.add(step.name, pool, source.node), step.output_shape, scale)


def _constant_per_window(step: Step, scale: Tensor, pool: MaxPool2d) -> Tensor:
    largest = pool.largest(scale)
    if not bool((largest == -pool.largest(-scale)).all()):
        step.refuse(
            "an element-wise amplitude differs inside its windows and a max of differently scaled "
            "spikes is no scaled max; put the amplitude behind the pool"
        )
    return largest
