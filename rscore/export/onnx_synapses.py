"""Synapses as ONNX nodes: kernels that positions share, kernels of their own, and diagonals."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from rscore.export.onnx_graph import Step, Value
from rscore.folding.ops import Conv2d, Diagonal, FactoredConv2d, UnsharedConv2d


def conv2d(step: Step) -> Value:
    """One shared kernel."""
    op: Conv2d = step.op
    weights = step.tensors("weight", "bias")
    return step.each(
        lambda x: step.emit(
            "Conv",
            x,
            *weights,
            kernel_shape=op.weight.shape[2:],
            strides=op.stride,
            pads=op.padding * 2,
            dilations=op.dilation,
            group=op.groups,
        )
    )


def factored_conv2d(step: Step) -> Value:
    """The amplitude, then the kernel that all positions share."""
    op: FactoredConv2d = step.op
    weights = step.tensors("weight", "bias")

    def emit(x: str) -> str:
        seen = _seen(step, x, (op.amplitude.shape[1], op.amplitude.shape[2]))
        return step.emit(
            "Conv",
            step.emit("Mul", seen, step.tensor("amplitude"), role="scaled"),
            *weights,
            kernel_shape=op.weight.shape[2:],
            strides=op.stride,
            pads=op.padding * 2,
            dilations=op.dilation,
            group=op.groups,
        )

    return step.each(emit)


def unshared_conv2d(step: Step) -> Value:
    """Windows by one constant index, then one product per output position and group."""
    op: UnsharedConv2d = step.op
    index, output = _windows(op, step.shapes[0][0])
    places = step.graph.constant(f"{step.name}:windows", index, "int64")
    kernels = step.graph.constant(f"{step.name}:weight", op.weight.unflatten(1, (op.groups, -1)))
    shape = step.graph.integers(-1, op.weight.shape[1], *output)
    top, left = op.padding
    margins = step.graph.integers(0, 0, top, left, 0, 0, top, left)

    def emit(x: str) -> str:
        padded = step.emit("Pad", _seen(step, x, op.input_size), margins, role="padded")
        flat = step.emit("Flatten", padded, role="flat", axis=1)
        by_place = step.emit("Transpose", flat, role="places", perm=[1, 0])
        seen = step.emit("Gather", by_place, places, role="windows", axis=0)
        product = step.emit("MatMul", kernels, seen, role="product")
        by_sample = step.emit("Transpose", product, role="samples", perm=[3, 1, 2, 0])
        current = step.emit("Reshape", by_sample, shape, role="map")
        if op.bias is None:
            return current
        bias = step.graph.constant(f"{step.name}:bias", op.bias.view(-1, 1, 1))
        return step.emit("Add", current, bias)

    return step.at_once(emit)


def _windows(op: UnsharedConv2d, channels: int) -> tuple[Tensor, tuple[int, int]]:
    """Places of the padded, flattened map that each position's kernel sees, and the output's size.

    [P, groups, C/groups*kh*kw] with P output positions in row order.
    """
    rows, columns = (size + 2 * pad for size, pad in zip(op.input_size, op.padding, strict=True))
    places = torch.arange(channels * rows * columns, dtype=torch.float64)
    windows = F.unfold(
        places.view(1, channels, rows, columns),
        op.kernel,
        dilation=op.dilation,
        stride=op.stride,
    )
    height = (rows - op.dilation[0] * (op.kernel[0] - 1) - 1) // op.stride[0] + 1
    by_position = windows[0].t().unflatten(1, (op.groups, -1))
    return by_position, (height, len(by_position) // height)


def linear(step: Step) -> Value:
    """W x + b."""
    weights = step.tensors("weight", "bias")
    return step.at_once(lambda x: step.emit("Gemm", x, *weights, transB=1))


def diagonal(step: Step) -> Value:
    """a . x; a channel's amplitude as a depthwise 1x1 convolution, which runtimes fuse."""
    op: Diagonal = step.op
    shape = step.shapes[0]
    if op.value.dim() != 3 or op.value[0].numel() > 1:
        return step.each(lambda x: step.emit("Mul", x, step.tensor("value")))
    kernel = op.value.expand(shape[0], 1, 1).reshape(-1, 1, 1, 1)
    weight = step.graph.constant(f"{step.name}:value", kernel)
    return step.each(lambda x: step.emit("Conv", x, weight, kernel_shape=[1, 1], group=shape[0]))


def _seen(step: Step, x: str, size: tuple[int, int]) -> str:
    """The first rows and columns of a map, where it has more than a layer sees."""
    if tuple(step.shapes[0][1:]) == size:
        return x
    integers = step.graph.integers
    return step.emit("Slice", x, integers(0, 0), integers(*size), integers(2, 3), role="seen")
