"""The constants of a neuron layer and its amplitude, as the kernels need them."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor

from rscore.spec import ResetKind, SpikeKind, SurrogateName


class Dynamics(NamedTuple):
    """What a neuron layer computes, apart from its decay; the equations are in fused.py."""

    v_threshold: float
    surrogate: SurrogateName
    surrogate_width: float
    reset: ResetKind
    detach_reset: bool
    spike: SpikeKind


class Scale(NamedTuple):
    """Amplitudes of M neurons in memory order: neuron i has values[(i // run) % len(values)].

    `values` are contiguous, [period]; M is a multiple of period * run.
    """

    values: Tensor
    run: int

    def of_neurons(self, neurons: int) -> Tensor:
        """Every neuron's amplitude, [M]."""
        return self.values.repeat_interleave(self.run).repeat(neurons // self._span())

    def collected(self, of_neurons: Tensor) -> Tensor:
        """The sum for each amplitude of what its neurons have, [M] to [period]."""
        return of_neurons.view(-1, len(self.values), self.run).sum((0, 2))

    def _span(self) -> int:
        return len(self.values) * self.run
