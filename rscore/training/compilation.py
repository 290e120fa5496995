"""torch.compile for the forward pass of training, and for nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from rscore.amplitude import Amplitude
from rscore.errors import SpecError
from rscore.neurons import LIF


def require_compiler(device: torch.device) -> None:
    """Compile something small.

    Raises:
        SpecError: if torch.compile does not work here; a run that asks for it is refused rather
            than trained at another speed, and with other rounding, than it says.
    """
    probe = torch.compile(lambda x: (x + 1).sin(), dynamic=False)
    try:
        probe(torch.zeros(8, device=device))
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[0]
        raise SpecError(
            f"compile: torch.compile does not work on {device} here ({reason}); install a C++ "
            "compiler (on a GPU also triton), or set compile to false"
        ) from error


class CompiledForward:
    """A compiled form of a network's forward, which takes its place on request.

    The network stays the same object with the same names in its state dict. Neurons and amplitudes
    keep their own kernels, and what lies between them is compiled. Every batch size is compiled on
    its own: code for any size would depend on which sizes came first, and a resumed run would then
    round differently.
    """

    def __init__(self, network: nn.Module) -> None:
        # What earlier networks of this process left counts towards a limit, after which torch
        # goes on without compiling.
        torch.compiler.reset()
        whole = torch.compile(network.forward, dynamic=False)
        self._forwards: list[tuple[nn.Module, Callable[..., Any]]] = [(network, whole)]
        self._forwards += [
            (module, torch.compiler.disable(module.forward))
            for module in network.modules()
            if isinstance(module, LIF | Amplitude)
        ]

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """The network runs compiled inside the block, and as it is written after it."""
        for module, forward in self._forwards:
            vars(module)["forward"] = forward
        try:
            yield
        finally:
            for module, _ in self._forwards:
                del vars(module)["forward"]
