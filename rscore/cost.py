"""What one inference costs, counted on real samples after folding: SynOps, MACs, firing rates.

Counters assume spikes in {0, 1}, so they run on the folded network. Energy is an estimate.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from rscore.folding.net import INPUT, FoldedNet
from rscore.folding.ops import (
    AveragePool2d,
    Conv2d,
    Diagonal,
    FactoredConv2d,
    LIFOp,
    Linear,
    MaxPool2d,
    Op,
    UnsharedConv2d,
)

MAC_PICOJOULE = 4.6
"""Energy of a float32 multiply-accumulate in 45 nm CMOS (Horowitz, ISSCC 2014)."""
AC_PICOJOULE = 0.9
"""Energy of a float32 addition in 45 nm CMOS (Horowitz, ISSCC 2014)."""

SYNAPSES = (Conv2d, FactoredConv2d, UnsharedConv2d, Linear, Diagonal)


@dataclass(frozen=True, slots=True)
class LayerCost:
    """Mean cost of one layer for one sample, all time steps together."""

    layer: str
    macs: float = 0.0
    """Multiply-accumulates: synapses that see the analog image."""
    synops: float = 0.0
    """Synaptic operations: one per spike and synapse that it reaches."""
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
def measure(folded: FoldedNet, images: Tensor) -> Cost:
    """Counts what the folded network does with `images` [N, C, H, W].

    A spike behind an average pool counts once for every synapse its window feeds.
    """
    values = {INPUT: images} | folded.trace(images, keep_values=True).values
    spikes_per_unit = {INPUT: 0.0}
    layers = []
    for node in folded.nodes:
        op, source = folded.op(node.name), node.inputs[0]
        unit = spikes_per_unit[source]
        spikes_per_unit[node.name] = _unit_behind(op, unit)
        if isinstance(op, LIFOp):
            rate = float(values[node.name].mean())
            layers.append(LayerCost(node.name, firing_rate=rate))
        elif isinstance(op, SYNAPSES):
            layers.append(_synapse(node.name, op, values[source], unit, len(images)))
    return Cost(tuple(layers))


def _unit_behind(op: Op, unit: float) -> float:
    """Spikes that a value of 1 stands for behind an op; 0 where values are analog."""
    if isinstance(op, LIFOp):
        return 1.0
    if isinstance(op, AveragePool2d):
        return unit * op.kernel[0] * op.kernel[1]
    if isinstance(op, SYNAPSES) or (isinstance(op, MaxPool2d) and unit > 1):
        return 0.0
    return unit


def _synapse(name: str, op: Op, inputs: Tensor, unit: float, samples: int) -> LayerCost:
    reach = fan_out(op, inputs[:1])
    if unit == 0.0:
        return LayerCost(name, macs=float(reach.sum()) * len(inputs) / samples)
    return LayerCost(name, synops=float((inputs * unit * reach).sum()) / samples)


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
