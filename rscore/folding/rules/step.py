"""One step of the walk over a network's graph, as a rule sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

from torch import fx, nn

from rscore.errors import FoldError
from rscore.folding.tracing import sample_shape
from rscore.folding.values import Analog, Builder, Spikes, Streams, Value


@dataclass(frozen=True, slots=True)
class Step:
    """A node of the traced graph with its module and its folded inputs."""

    builder: Builder
    node: fx.Node
    module: nn.Module
    name: str
    """The layer's path in the user's network."""
    inputs: tuple[Value, ...]

    @property
    def input(self) -> Value:
        """The only input of a layer that has one."""
        return self.inputs[0]

    @property
    def output_shape(self) -> tuple[int, ...]:
        """One sample's shape of what the training net computes here."""
        return sample_shape(self.node)

    def refuse(self, reason: str) -> NoReturn:
        """End the fold: this layer, this reason."""
        raise FoldError(self.name, reason)

    def current(self) -> Analog:
        """The input of a layer that only currents may enter."""
        if isinstance(self.input, Spikes | Streams):
            self.refuse("it needs currents, but spikes enter it without a synapse")
        return self.input

    def spikes(self) -> Spikes:
        """The input of a layer that only one layer's spikes may enter, not averaged nor flat."""
        value = self.input
        if isinstance(value, Streams):
            self.refuse("it cannot take a sum of differently scaled spikes; put a neuron before it")
        if isinstance(value, Analog):
            self.refuse("it needs spikes, but currents enter it; put a neuron before it")
        return value

    def synaptic_input(self) -> Value:
        """The input of a synapse: spikes, or the image on its way in."""
        if isinstance(self.input, Analog) and not self.input.from_image:
            self.refuse(
                "its input is a sum of currents that no neuron made binary; a single kernel "
                "cannot be exact here, put a neuron before this layer"
            )
        return self.input
