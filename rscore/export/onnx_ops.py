"""Every primitive of a folded network as ONNX nodes: one small function each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from rscore.export.onnx_graph import Step, Value
from rscore.export.onnx_neurons import lif, threshold_lif
from rscore.export.onnx_synapses import (
    conv2d,
    diagonal,
    factored_conv2d,
    linear,
    unshared_conv2d,
)
from rscore.folding.ops import (
    Add,
    And,
    AndNot,
    AveragePool2d,
    Concatenate,
    Conv2d,
    Diagonal,
    FactoredConv2d,
    Flatten,
    FlattenTimeOp,
    LIFOp,
    Linear,
    MaxPool2d,
    NormalizeOp,
    RepeatTimeOp,
    ThresholdLIFOp,
    TimeMeanOp,
    UnsharedConv2d,
)


def normalize(step: Step) -> Value:
    """(x - mean) / std."""

    def emit(x: str) -> str:
        shifted = step.emit("Sub", x, step.tensor("mean"), role="shifted")
        return step.emit("Div", shifted, step.tensor("std"))

    return step.each(emit)


def average_pool2d(step: Step) -> Value:
    """Mean of each window."""
    op: AveragePool2d = step.op
    return step.each(
        lambda x: step.emit(
            "AveragePool",
            x,
            kernel_shape=op.kernel,
            strides=op.stride,
            pads=op.padding * 2,
            count_include_pad=1,
        )
    )


def max_pool2d(step: Step) -> Value:
    """Largest of each window; the smallest on the channels that are marked."""
    op: MaxPool2d = step.op

    def pool(x: str, role: str) -> str:
        return step.emit(
            "MaxPool",
            x,
            role=role,
            kernel_shape=op.kernel,
            strides=op.stride,
            pads=op.padding * 2,
            dilations=op.dilation,
            ceil_mode=int(op.ceil_mode),
        )

    def emit(x: str) -> str:
        if op.negative is None:
            return pool(x, "")
        marked = step.graph.constant(f"{step.name}:negative", op.negative > 0, "bool")
        negated = pool(step.emit("Neg", x, role="negated"), "smallest-negated")
        smallest = step.emit("Neg", negated, role="smallest")
        return step.emit("Where", marked, smallest, pool(x, "largest"))

    return step.each(emit)


def flatten(step: Step) -> Value:
    """[N, C, H, W] to [N, C*H*W]."""
    return step.each(lambda x: step.emit("Flatten", x, axis=1))


def add(step: Step) -> Value:
    """Sum of currents, or of spikes."""
    return step.each(lambda x, y: step.emit("Add", x, y))


def both(step: Step) -> Value:
    """x y."""
    return step.each(lambda x, y: step.emit("Mul", x, y))


def and_not(step: Step) -> Value:
    """(1 - x) y."""
    one = step.graph.constant("one", 1.0)
    return step.each(lambda x, y: step.emit("Mul", step.emit("Sub", one, x, role="not"), y))


def concatenate(step: Step) -> Value:
    """Channels side by side."""
    return step.each(lambda *maps: step.emit("Concat", *maps, axis=1))


def repeat_time(step: Step) -> Value:
    """The same tensor at every step: computed once and never copied."""
    op: RepeatTimeOp = step.op
    if isinstance(step.input, tuple):
        raise TypeError(f"{step.name} repeats what has time already")
    return (step.input,) * op.num_timesteps


def flatten_time(step: Step) -> Value:
    """[N, T, ...] to T tensors [N, ...]."""
    op: FlattenTimeOp = step.op
    if isinstance(step.input, tuple):
        raise TypeError(f"{step.name} splits what has time already")
    count, axis = op.num_timesteps, step.graph.integers(1)
    frames = step.graph.add_many(
        "Split", f"{step.name}/frames", step.input, outputs=count, axis=1, num_outputs=count
    )
    return tuple(step.emit("Squeeze", frame, axis) for frame in frames)


def time_mean(step: Step) -> Value:
    """Mean over the T steps."""
    return step.emit("Mean", *step.input)


TRANSLATORS: Mapping[str, Callable[[Step], Value]] = MappingProxyType(
    {
        NormalizeOp.op: normalize,
        Conv2d.op: conv2d,
        FactoredConv2d.op: factored_conv2d,
        UnsharedConv2d.op: unshared_conv2d,
        Linear.op: linear,
        Diagonal.op: diagonal,
        AveragePool2d.op: average_pool2d,
        MaxPool2d.op: max_pool2d,
        Flatten.op: flatten,
        Add.op: add,
        And.op: both,
        AndNot.op: and_not,
        Concatenate.op: concatenate,
        RepeatTimeOp.op: repeat_time,
        FlattenTimeOp.op: flatten_time,
        TimeMeanOp.op: time_mean,
        LIFOp.op: lif,
        ThresholdLIFOp.op: threshold_lif,
    }
)
"""How each primitive is written, by its name in the graph."""
