"""What a run will need, counted from its spec alone: neurons, operations, memory; no torch.

Parameters, neurons and MACs are exact. Spikes and SynOps follow from firing rates that somebody
gives. The memory is that of one training's tensors, as measured to be about so much.
"""

from __future__ import annotations

from dataclasses import dataclass

from rscore.footprint.families import draw
from rscore.footprint.memory import training_bytes
from rscore.footprint.sketch import Rates
from rscore.spec import RunSpec

__all__ = ["Footprint", "Rates", "footprint"]


@dataclass(frozen=True, slots=True)
class Footprint:
    """Counts of one spec; operations and spikes are of one sample, all time steps together."""

    parameters: int
    neurons: int
    macs: float
    """Multiply-accumulates after folding: those of the first layer."""
    synops: float
    """One addition for each spike and synapse that it reaches, after folding."""
    spikes: float
    dense: float
    """Multiply-accumulates if every value counted: how much there is to compute in training."""
    training_bytes: int
    """Tensors of the training at their peak."""


def footprint(spec: RunSpec, rate: Rates) -> Footprint:
    """The footprint of a spec whose neuron layers fire at these rates.

    A rate holds for all neurons and time steps of its layer, and layers that are multiplied (SEW
    AND and IAND) or pooled by their maximum count as independent.

    Args:
        spec: the run.
        rate: share of (neuron, time step) pairs with a spike, by the layer's name in the network.
    """
    sketch = draw(spec, rate)
    return Footprint(
        parameters=sketch.parameters,
        neurons=sum(sketch.neurons.values()),
        macs=sketch.macs,
        synops=sketch.synops,
        spikes=sketch.spikes,
        dense=sketch.dense,
        training_bytes=training_bytes(sketch),
    )
