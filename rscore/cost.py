"""What one inference costs, counted on real samples: SynOps, MACs, firing rates, per layer.

Counted are the operations at synapses, borders included: convolutions, linear layers and the
diagonal synapses of identity shortcuts. Not counted, before or after folding: BatchNorm, biases,
sums of currents, pools and the neurons' own updates. Energy is an estimate from the counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import torch
from torch import Tensor, fx, nn

from rscore.amplitude import Amplitude
from rscore.folding.net import INPUT, FoldedNet
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
    Op,
    RepeatTimeOp,
    TimeMeanOp,
    UnsharedConv2d,
)
from rscore.folding.tracing import call_name, trace_network
from rscore.neurons import LIF

MAC_PICOJOULE = 4.6
"""Energy of a float32 multiply-accumulate in 45 nm CMOS (Horowitz, ISSCC 2014)."""
AC_PICOJOULE = 0.9
"""Energy of a float32 addition in 45 nm CMOS (Horowitz, ISSCC 2014)."""

SYNAPSES = (Conv2d, FactoredConv2d, UnsharedConv2d, Linear, Diagonal)
CHUNK = 32
"""Samples that are counted at once."""


@dataclass(frozen=True, slots=True)
class LayerCost:
    """Mean cost of one layer for one sample, all time steps together."""

    layer: str
    macs: float = 0.0
    """Multiply-accumulates: every synapse of a layer that sees analog values, zeros as well (the
    image once, event frames at each time step), or one for each real-valued spike and synapse."""
    synops: float = 0.0
    """Synaptic operations: one addition for each spike, of either sign, and synapse it reaches."""
    firing_rate: float | None = None
    """Share of (neuron, time step) pairs with a spike; neurons only."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Mean cost of one sample over a batch."""

    layers: tuple[LayerCost, ...]

    @property
    def macs(self) -> float:
        """Multiply-accumulates of all layers."""
        return sum(layer.macs for layer in self.layers)

    @property
    def synops(self) -> float:
        """Synaptic operations of all layers."""
        return sum(layer.synops for layer in self.layers)

    @property
    def firing_rate(self) -> float:
        """Mean of the neuron layers' firing rates."""
        rates = [layer.firing_rate for layer in self.layers if layer.firing_rate is not None]
        return sum(rates) / len(rates) if rates else 0.0


def energy_estimate(*, macs: float, synops: float) -> float:
    """Estimated energy of the arithmetic alone, in picojoule; memory traffic is not in it."""
    return MAC_PICOJOULE * macs + AC_PICOJOULE * synops


@torch.no_grad()
def measure(folded: FoldedNet, inputs: Tensor) -> Cost:
    """Counts what the folded network does with `inputs` [N, ...].

    A spike behind an average pool counts once for every synapse its window feeds; summed spikes
    (SEW) count one by one.

    Raises:
        TypeError: for a primitive that has no rule here.
    """
    counts = [(_count(folded, part), len(part)) for part in inputs.split(CHUNK)]
    by_layer = zip(*(layers for layers, _ in counts), strict=True)
    samples = [count for _, count in counts]
    return Cost(tuple(_mean(parts, samples) for parts in by_layer))


def before_folding(cost: Cost, network: nn.Module, example: Tensor) -> Cost:
    """The same counts for the trained network.

    It sends the same spikes, but where an amplitude scales them each of them is a real number and
    needs a multiplication at every synapse.

    Args:
        cost: of the folded network.
        network: the trained one, in eval mode.
        example: one sample or more that fit it; only their shape matters.
    """
    if not any(isinstance(module, Amplitude) for module in network.modules()):
        return cost
    binary = _synapses_of_binary_spikes(network, example)
    return Cost(
        tuple(
            layer
            if layer.layer in binary
            else replace(layer, macs=layer.macs + layer.synops, synops=0.0)
            for layer in cost.layers
        )
    )


def fan_out(op: Op, example: Tensor) -> Tensor:
    """How many synapses leave each input element, shape of `example` [1, ...].

    It is the gradient of the summed output when every weight is 1.
    """
    ones = {
        name: torch.zeros_like(value) if name == "bias" else torch.ones_like(value)
        for name, value in op.named_buffers(recurse=False)
    }
    counter = type(op).build(op.attributes(), ones)
    with torch.enable_grad():
        probe = torch.zeros_like(example, requires_grad=True)
        (reach,) = torch.autograd.grad(counter(probe).sum(), probe)
    return reach


Events = Tensor | None
"""Spikes that each value of a map stands for, or None for a map of analog values."""


def _count(folded: FoldedNet, inputs: Tensor) -> list[LayerCost]:
    values = {INPUT: inputs} | folded.trace(inputs, keep_values=True).values
    events: dict[str, Events] = {INPUT: None}
    layers = []
    for node in folded.nodes:
        op, source = folded.op(node.name), node.inputs[0]
        own = values[node.name]
        events[node.name] = _events(op, own, [events[name] for name in node.inputs])
        if isinstance(op, LIFOp):
            rate = float(own.abs().mean(dtype=torch.float64))
            layers.append(LayerCost(node.name, firing_rate=rate))
        elif isinstance(op, SYNAPSES):
            layers.append(_synapse(node.name, op, values[source], events[source], len(inputs)))
    return layers


def _synapse(name: str, op: Op, inputs: Tensor, events: Events, samples: int) -> LayerCost:
    reach = fan_out(op, inputs[:1]).double()
    if events is None:
        return LayerCost(name, macs=float(reach.sum()) * len(inputs) / samples)
    by_place = events.sum(0, dtype=torch.float64)
    return LayerCost(name, synops=float((by_place * reach[0]).sum()) / samples)


def _events(op: Op, output: Tensor, inputs: list[Events]) -> Events:
    if isinstance(op, LIFOp):
        return output.abs()
    rule = _RULES.get(type(op))
    if rule is None:
        raise TypeError(f"no rule counts the spikes behind {op.op}")
    known = [each for each in inputs if each is not None]
    return rule(op, output, known) if len(known) == len(inputs) else None


def _analog(op: Op, output: Tensor, inputs: list[Tensor]) -> Events:  # noqa: ARG001
    return None


def _moved(op: Op, output: Tensor, inputs: list[Tensor]) -> Events:  # noqa: ARG001
    moved: Tensor = op(*inputs)
    return moved


def _pooled(op: Op, output: Tensor, inputs: list[Tensor]) -> Events:  # noqa: ARG001
    if not isinstance(op, AveragePool2d):
        raise TypeError(f"{op.op} is no average pool")
    pooled: Tensor = op(*inputs)
    return pooled * (op.kernel[0] * op.kernel[1])


def _sent(op: Op, output: Tensor, inputs: list[Tensor]) -> Events:  # noqa: ARG001
    """What a max pool or a product of spikes sends: whole spikes, unless it saw averages."""
    size = output.abs()
    return size if bool((size == size.round()).all()) else None


_RULES: Mapping[type[Op], Callable[[Op, Tensor, list[Tensor]], Events]] = MappingProxyType(
    {
        AveragePool2d: _pooled,
        Flatten: _moved,
        Add: _moved,
        MaxPool2d: _sent,
        And: _sent,
        AndNot: _sent,
        Concatenate: _moved,
    }
    | dict.fromkeys((*SYNAPSES, NormalizeOp, RepeatTimeOp, FlattenTimeOp, TimeMeanOp), _analog)
)
"""How the spikes behind each primitive follow from those before it."""


def _mean(parts: tuple[LayerCost, ...], samples: list[int]) -> LayerCost:
    """One layer's mean over chunks of so many samples."""

    def mean(values: list[float]) -> float:
        return sum(v * n for v, n in zip(values, samples, strict=True)) / sum(samples)

    rates = [part.firing_rate for part in parts if part.firing_rate is not None]
    return LayerCost(
        parts[0].layer,
        macs=mean([part.macs for part in parts]),
        synops=mean([part.synops for part in parts]),
        firing_rate=mean(rates) if rates else None,
    )


def _synapses_of_binary_spikes(network: nn.Module, example: Tensor) -> set[str]:
    """Layers of the trained network whose input no amplitude has scaled, each call by its name."""
    module = trace_network(network, example[:1])
    scaled: dict[fx.Node, bool] = {}
    calls: Counter[str] = Counter()
    binary = set()
    for node in module.graph.nodes:
        before = any(scaled[parent] for parent in node.all_input_nodes)
        scaled[node] = before
        if node.op == "call_module":
            target = str(node.target)
            layer = module.get_submodule(target)
            scaled[node] = isinstance(layer, Amplitude) or (before and not isinstance(layer, LIF))
            calls[target] += 1
            if not before:
                binary.add(call_name(target, calls[target]))
    return binary
