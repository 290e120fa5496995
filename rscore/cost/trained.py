"""The same counts for the trained network, whose spikes amplitudes have scaled."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from torch import Tensor, fx, nn

from rscore.amplitude import Amplitude
from rscore.cost.counts import Cost
from rscore.folding.tracing import call_name, trace_network
from rscore.neurons import LIF


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
