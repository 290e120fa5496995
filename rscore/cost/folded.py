"""Counts operations of a folded network on real samples."""

from __future__ import annotations

import torch
from torch import Tensor

from rscore.cost.counts import Cost, LayerCost
from rscore.cost.events import SYNAPSES, Events, events_behind
from rscore.folding.net import INPUT, FoldedNet
from rscore.folding.ops import LIFOp, Op

CHUNK = 32
"""Samples that are counted at once."""


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


def _count(folded: FoldedNet, inputs: Tensor) -> list[LayerCost]:
    values = {INPUT: inputs} | folded.trace(inputs, keep_values=True).values
    events: dict[str, Events] = {INPUT: None}
    layers = []
    for node in folded.nodes:
        op, source = folded.op(node.name), node.inputs[0]
        own = values[node.name]
        events[node.name] = events_behind(op, own, [events[name] for name in node.inputs])
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
