"""Folded network in the Neuromorphic Intermediate Representation: one HDF5 file.

A NIR graph is what happens in one time step. So the file holds the network without its time
repeat and without its mean over time: give it the same image, or the step's frame, at every one of
the T steps, and average its output. Source of the primitives and their equations: Pedersen et al.,
Neuromorphic intermediate representation, Nature Communications 2024 (arXiv 2311.14641).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import nir
import numpy as np
import torch
from torch import Tensor

from rscore.errors import ExportError
from rscore.export import nir_runtime
from rscore.export.parity import Parity, Reference, compare
from rscore.folding.net import INPUT, FoldedNet
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
OUTPUT = "output"

NOTES = (
    f"one graph is one time step of dt = {DT:g} s: give it the sample at each of the T steps and "
    "average its outputs over them",
    "a decay d is tau = dt / (1 - d) with r = 1 / (1 - d), exact for a forward Euler step",
    "thresholds are the float32 below ours, for NIR fires where v > v_threshold and we where "
    "u >= v_threshold; a reader that fires at equality differs where u is exactly that float",
    "the normalisation of the input is a 1x1 convolution, x / std + (-mean / std), which rounds "
    "differently",
)
"""How the file's dynamics relate to the folded network's; they stand in the certificate."""

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


@torch.no_grad()
def graph_of(folded: FoldedNet, example: Tensor, *, about: dict[str, Any]) -> nir.NIRGraph:
    """What `save` writes."""
    traced = folded.trace(example[:1], keep_values=True).values
    shapes = {name: tuple(value.shape[1:]) for name, value in traced.items()}
    frames = any(node.op == FlattenTimeOp.op for node in folded.nodes)
    sample = tuple(example.shape[2:] if frames else example.shape[1:])
    shapes[INPUT] = sample
    graph = GraphBuilder(nodes={INPUT: nir.Input(input_type={"input": np.array(sample)})})
    values: dict[str, Sources] = {INPUT: (INPUT,)}
    for node in folded.nodes:
        translate = TRANSLATORS.get(node.op)
        if translate is None:
            raise ExportError(f"NIR cannot express {node.name}: it has no {node.op}")
        step = Step(
            graph,
            node.name,
            folded.op(node.name),
            tuple(values[name] for name in node.inputs),
            shapes[node.inputs[0]],
        )
        values[node.name] = translate(step)
    last = folded.nodes[-1].name
    shape, sources = {"input": np.array(shapes[last])}, values[last]
    if len(sources) > 1:  # readers sum the edges into any node but the output
        sources = graph.add("sum", nir.Flatten(input_type=shape, start_dim=0), sources)
    graph.add(OUTPUT, nir.Output(output_type={"output": shape["input"]}), sources)
    steps = {op.num_timesteps for op in folded.ops.values() if isinstance(op, LIFOp)}
    metadata = {"num_timesteps": max(steps), "dt": DT, "frames": frames} | about
    return nir.NIRGraph(nodes=graph.nodes, edges=graph.edges, metadata=metadata)


def save(folded: FoldedNet, path: Path, example: Tensor, *, about: dict[str, str]) -> None:
    """Writes the file.

    Args:
        folded: float32.
        path: where.
        example: one sample of the right shape or more; only their shape matters.
        about: texts stored as the graph's metadata, beside num_timesteps, dt and frames.

    Raises:
        ExportError: if NIR has no primitive for a layer: max pools, kernels that are not shared,
            products of spikes, ternary spikes, soft reset.
    """
    nir.write(path, graph_of(folded, example, about=about))


def metadata(path: Path) -> dict[str, Any]:
    """The metadata of the file's graph."""
    found: dict[str, Any] = nir_runtime.load(path).metadata
    return found


def check(path: Path, inputs: Tensor, reference: Reference) -> Parity:
    """Parity of the file, read back and run by NIR's own equations, with the folded network."""
    return compare(
        kind="nir",
        path=path,
        runtime=f"nir {nir.version}, forward Euler",
        logits=nir_runtime.run(path, inputs),
        reference=reference,
        notes=NOTES,
    )
