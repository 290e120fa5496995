"""MembraneTerm: a penalty on the membranes of all neuron layers of a network."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from rscore.neurons import LIF
from rscore.objectives.listening import Heard, Listener, uncompiled
from rscore.objectives.term import Term

Penalty = Callable[[Tensor, LIF], Tensor]
"""(membrane before reset [T*N, ...], its layer) to a number []."""


class MembraneTerm(Term):
    """weight * mean over the neuron layers of penalty(membrane).

    The layers run step by step through autograd instead of fused, since a fused layer has no
    membrane to differentiate: slower, and with the membranes of all steps in memory. The spikes
    are those of the same pass, so nothing is computed twice.

    Args:
        network: whose neuron layers are meant.
        penalty: of one layer's membrane.
        weight: of the term.
        compiled: whether the network may be compiled around its neurons.
    """

    def __init__(
        self, network: nn.Module, penalty: Penalty, *, weight: float, compiled: bool
    ) -> None:
        heard: dict[nn.Module, Heard] = {
            neuron: uncompiled(_penalised(neuron, penalty), compiled=compiled)
            for neuron in network.modules()
            if isinstance(neuron, LIF)
        }
        super().__init__(Listener(heard, compiled=compiled))
        self._weight = weight

    def forward(self, inputs: Tensor, labels: Tensor, *, progress: float) -> Tensor:
        """The weighted mean of the layers' penalties, []."""
        del inputs, labels, progress
        return self._weight * torch.stack(self.listener.values).mean()


def _penalised(neuron: LIF, penalty: Penalty) -> Heard:
    def run(x: Tensor) -> tuple[Tensor, Tensor]:
        membrane, spikes = neuron.membrane_and_spikes(x)
        return spikes, penalty(membrane, neuron)

    return run
