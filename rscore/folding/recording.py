"""What the neuron layers of a trained network do in a forward pass."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from rscore.folding.tracing import call_name
from rscore.neurons import LIF


@dataclass(slots=True)
class Recording:
    """Currents and spikes of the newest forward pass; a layer's second call is named layer#2."""

    currents: dict[str, Tensor] = field(default_factory=dict)
    """Layer to input currents [T*N, ...]."""
    spikes: dict[str, Tensor] = field(default_factory=dict)
    """Layer to spikes [T*N, ...]."""
    neurons: dict[str, LIF] = field(default_factory=dict)
    """Layer to its module."""
    _calls: Counter[str] = field(default_factory=Counter)

    def clear(self) -> None:
        """Forget the pass."""
        for kept in (self.currents, self.spikes, self.neurons, self._calls):
            kept.clear()

    def keep(self, layer: str, module: LIF, current: Tensor, spikes: Tensor) -> None:
        """One call of a neuron layer."""
        self._calls[layer] += 1
        name = call_name(layer, self._calls[layer])
        self.currents[name], self.spikes[name] = current, spikes
        self.neurons[name] = module


@contextmanager
def recorded(network: nn.Module) -> Iterator[Recording]:
    """A recording that each forward pass of `network` fills anew."""
    recording = Recording()
    with ExitStack() as stack:
        start = network.register_forward_pre_hook(lambda *_: recording.clear())
        stack.callback(start.remove)
        for name, module in network.named_modules():
            if isinstance(module, LIF):
                stack.callback(_listen(recording, name, module).remove)
        yield recording


def _listen(recording: Recording, name: str, module: LIF) -> RemovableHandle:
    def hook(_module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        recording.keep(name, module, inputs[0], output)

    return module.register_forward_hook(hook)
