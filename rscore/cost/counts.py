"""Counts of operations, per layer and in all, and the energy that they may cost."""

from __future__ import annotations

from dataclasses import dataclass

MAC_PICOJOULE = 4.6
"""Energy of a float32 multiply-accumulate in 45 nm CMOS (Horowitz, ISSCC 2014)."""
AC_PICOJOULE = 0.9
"""Energy of a float32 addition in 45 nm CMOS (Horowitz, ISSCC 2014)."""


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
