"""Every primitive of a folded network that NIR can express: one small function each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import nir
import numpy as np
import torch
from torch import Tensor

from rscore.errors import ExportError
from rscore.folding.ops import (
    Add,
    AveragePool2d,
    Conv2d,
    Diagonal,
    Flatten,
    FlattenTimeOp,
    LIFOp,
    Linear,
    NormalizeOp,
    RepeatTimeOp,
    ThresholdLIFOp,
    TimeMeanOp,
)

DT = 1e-4
"""Seconds of one time step, as readers of NIR assume it."""

Sources = tuple[str, ...]
"""Nodes whose outputs are summed: in NIR, edges into one node add up."""


@dataclass(slots=True)
class GraphBuilder:
    """A NIR graph under construction."""

    nodes: dict[str, nir.NIRNode] = field(default_factory=dict)
    edges: list[tuple[str, str]] = field(default_factory=list)

    def add(self, name: str, node: nir.NIRNode, sources: Sources) -> Sources:
        """Appends a node behind the sum of its sources; its name, longer if it is taken."""
        while name in self.nodes:
            name += "_"
        if len(set(sources)) < len(sources):
            raise ExportError(f"NIR cannot express {name}: it adds one map to itself")
        self.nodes[name] = node
        self.edges += [(source, name) for source in sources]
        return (name,)


@dataclass(frozen=True, slots=True)
class Step:
    """One primitive on its way into the graph."""

    graph: GraphBuilder
    name: str
    op: Any
    """The primitive; each translator knows its type."""
    inputs: tuple[Sources, ...]
    shape: tuple[int, ...]
    """One sample's shape of the first input at one time step."""

    def add(self, node: nir.NIRNode, sources: Sources | None = None, role: str = "") -> Sources:
        """One node named after the layer; dots are kept from HDF5 and from module names."""
        name = f"{self.name}/{role}" if role else self.name
        return self.graph.add(_plain(name), node, self.inputs[0] if sources is None else sources)

    def refuse(self, reason: str) -> ExportError:
        """What to raise: this layer, this reason."""
        return ExportError(f"NIR cannot express {self.name}: {reason}")


def conv2d(step: Step) -> Sources:
    """One shared kernel; NIR's convolution always has a bias."""
    op: Conv2d = step.op
    if op.groups > 1 or op.weight.shape[2] != op.weight.shape[3]:
        raise step.refuse(
            "nir works out a wrong shape behind a convolution that is grouped or whose kernel is "
            "not square"
        )
    bias = torch.zeros(len(op.weight)) if op.bias is None else op.bias
    return step.add(_conv(step, op.weight, bias, op))


def diagonal(step: Step) -> Sources:
    """a . x: a 1x1 convolution where it is constant over a channel, for more readers have that."""
    op: Diagonal = step.op
    channels = step.shape[0]
    if op.value.dim() == 3 and op.value[0].numel() == 1:
        kernel = torch.diag(op.value.expand(channels, 1, 1).flatten())
        return step.add(_conv(step, kernel[:, :, None, None], torch.zeros(channels)))
    return step.add(nir.Scale(scale=_array(op.value.expand(step.shape))))


def normalize(step: Step) -> Sources:
    """x / std + (-mean / std) as a 1x1 convolution."""
    op: NormalizeOp = step.op
    channels = step.shape[0]
    kernel = torch.diag((1 / op.std).expand(channels, 1, 1).flatten())
    bias = (-op.mean / op.std).expand(channels, 1, 1).flatten()
    return step.add(_conv(step, kernel[:, :, None, None], bias))


def linear(step: Step) -> Sources:
    """W x + b."""
    op: Linear = step.op
    if op.bias is None:
        return step.add(nir.Linear(weight=_array(op.weight)))
    return step.add(nir.Affine(weight=_array(op.weight), bias=_array(op.bias)))


def average_pool2d(step: Step) -> Sources:
    """Mean of each window."""
    op: AveragePool2d = step.op
    sizes = {"kernel_size": op.kernel, "stride": op.stride, "padding": op.padding}
    return step.add(nir.AvgPool2d(**{key: np.array(value) for key, value in sizes.items()}))


def flatten(step: Step) -> Sources:
    """[C, H, W] to [C*H*W]; NIR's shapes have no batch."""
    shape = {"input": np.array(step.shape)}
    return step.add(nir.Flatten(input_type=shape, start_dim=0, end_dim=-1))


def add(step: Step) -> Sources:
    """Edges into one node add up: there is no node for a sum."""
    left, right = step.inputs
    return left + right


def wire(step: Step) -> Sources:
    """Time is outside the graph."""
    return step.inputs[0]


def lif(step: Step) -> Sources:
    """tau dv/dt = -v + r I, or dv/dt = r I where nothing leaks; v becomes 0 after a spike."""
    op: LIFOp = step.op
    if op.spike != "binary":
        raise step.refuse("its neurons send no ternary spikes")
    if op.reset != "hard":
        raise step.refuse("its neurons reset to a value, ours lose v_threshold (soft reset)")
    return step.add(_neuron(op.decay, torch.full(step.shape, op.v_threshold)))


def threshold_lif(step: Step) -> Sources:
    """A threshold per channel; where it is reversed the membrane is negated as a whole."""
    op: ThresholdLIFOp = step.op
    sign = (1 - 2 * op.below).expand(step.shape)
    current = step.inputs[0]
    if bool((op.below > 0).any()):
        current = step.add(nir.Scale(scale=_array(sign)), role="sign")
    return step.add(_neuron(op.decay, op.threshold.expand(step.shape) * sign), current)


def _neuron(decay: float, threshold: Tensor) -> nir.NIRNode:
    at = np.nextafter(_array(threshold), np.float32(-np.inf))
    ones = np.ones(threshold.shape)
    common = {"v_threshold": at, "v_reset": np.zeros_like(at)}
    if decay == 1.0:
        return nir.IF(r=ones / DT, **common)
    tau, r = ones * DT / (1 - decay), ones / (1 - decay)
    return nir.LIF(tau=tau, r=r, v_leak=np.zeros_like(tau), **common)


def _conv(step: Step, weight: Tensor, bias: Tensor, op: Conv2d | None = None) -> nir.Conv2d:
    return nir.Conv2d(
        input_shape=step.shape[1:],
        weight=_array(weight),
        bias=_array(bias),
        stride=(1, 1) if op is None else op.stride,
        padding=(0, 0) if op is None else op.padding,
        dilation=(1, 1) if op is None else op.dilation,
        groups=1 if op is None else op.groups,
    )


def _array(value: Tensor) -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.ascontiguousarray(value.detach().numpy(), dtype=np.float32)


def _plain(name: str) -> str:
    return name.replace("/", "_").replace(".", "_")


TRANSLATORS: Mapping[str, Callable[[Step], Sources]] = MappingProxyType(
    {
        NormalizeOp.op: normalize,
        Conv2d.op: conv2d,
        Linear.op: linear,
        Diagonal.op: diagonal,
        AveragePool2d.op: average_pool2d,
        Flatten.op: flatten,
        Add.op: add,
        RepeatTimeOp.op: wire,
        FlattenTimeOp.op: wire,
        TimeMeanOp.op: wire,
        LIFOp.op: lif,
        ThresholdLIFOp.op: threshold_lif,
    }
)
"""How each primitive is written, by its name in the graph; what is not here NIR does not have."""
