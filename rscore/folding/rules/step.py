"""One step of the walk over a network's graph, as a rule sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from torch import fx, nn

from rscore.errors import FoldError
from rscore.folding.tracing import sample_shape
from rscore.folding.values import Activation, Analog, Builder, Constant, Spikes, Streams, Value


@dataclass(frozen=True, slots=True)
class Step:
    """A node of the traced graph with its module and what has been folded before it."""

    builder: Builder
    node: fx.Node
    module: nn.Module
    name: str
    """The layer's path in the user's network."""
    values: Mapping[fx.Node, Value]

    @property
    def inputs(self) -> tuple[Value, ...]:
        """What the arguments that are tensors were folded to, in their order."""
        given = (*self.node.args, *self.node.kwargs.values())
        return tuple(self.values[one] for one in given if isinstance(one, fx.Node))

    @property
    def input(self) -> Activation:
        """The only input of a layer that has one."""
        return self.activation(self.inputs[0])

    @property
    def output_shape(self) -> tuple[int, ...]:
        """One sample's shape of what the training net computes here."""
        return sample_shape(self.node)

    @property
    def input_shape(self) -> tuple[int, ...]:
        """One sample's shape of what the training net has at the first input."""
        return sample_shape(self.node.all_input_nodes[0])

    def refuse(self, reason: str) -> NoReturn:
        """End the fold: this layer, this reason."""
        raise FoldError(self.name, reason)

    def activation(self, value: object) -> Activation:
        """A value that depends on the images."""
        if not isinstance(value, Analog | Spikes | Streams):
            self.refuse("what enters it does not depend on the images")
        return value

    def arguments(self, *names: str) -> dict[str, Any]:
        """The call's arguments by name; tensors as folded, constants as they are.

        Args:
            names: every argument that the rule knows, in the order of the call.
        """
        given = dict(zip(names, self.node.args, strict=False)) | dict(self.node.kwargs)
        unknown = sorted(set(given) - set(names))
        if unknown or len(self.node.args) > len(names):
            self.refuse(f"its argument {', '.join(unknown) or 'list'} has no exact folding rule")
        return {name: self._folded(argument) for name, argument in given.items()}

    def _folded(self, argument: Any) -> Any:
        if isinstance(argument, list | tuple):
            return type(argument)(self._folded(one) for one in argument)
        if not isinstance(argument, fx.Node):
            return argument
        value = self.values[argument]
        return value.value if isinstance(value, Constant) else value

    def image(self) -> Analog:
        """The input of a layer that only the image on its way in may enter."""
        if not isinstance(self.input, Analog) or not self.input.from_image:
            self.refuse("only the image itself may enter it")
        return self.input

    def synaptic_input(self) -> Activation:
        """The input of a synapse: spikes, or the image on its way in."""
        if isinstance(self.input, Analog) and not self.input.from_image:
            self.refuse(
                "its input is a sum of currents that no neuron made binary; a single kernel "
                "cannot be exact here, put a neuron before this layer"
            )
        return self.input

    def require_map(self) -> None:
        """End the fold unless one sample of the input is a map [C, H, W]."""
        if len(self.input_shape) != 3:
            self.refuse(f"it needs a map [C, H, W], but a sample has shape {self.input_shape} here")


def numbered(name: str, index: int) -> str:
    """The name of the part of a layer that one stream of its input passes."""
    return name if index == 0 else f"{name}.stream{index}"
