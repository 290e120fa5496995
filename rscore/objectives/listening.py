"""Listener: values from inside a network, for the length of one training step."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

Heard = Callable[[Tensor], tuple[Tensor, Tensor]]
"""A module's forward that gives for its input the output and a value worth keeping."""

_Function = TypeVar("_Function", bound=Callable[..., Any])


class Listener:
    """Keeps one value from every forward pass of some modules inside `listening()`.

    There, and only there, the modules run another forward than their own. So a network carries no
    hooks where it is tested, copied, traced or exported, and a compiled one (see
    rscore/training/compilation.py) meets the same functions in every step.

    Args:
        heard: what to run in the place of each module's forward; in time order, each module once.
        compiled: whether the network may be compiled around it.
    """

    def __init__(self, heard: Mapping[nn.Module, Heard], *, compiled: bool) -> None:
        self.values: list[Tensor] = []
        self._forwards = {
            module: uncompiled(self._kept(run), compiled=compiled, inside=False)
            for module, run in heard.items()
        }

    @contextmanager
    def listening(self) -> Iterator[None]:
        """`values` fills inside the block, and is empty after it."""
        before: dict[nn.Module, Any] = {m: vars(m).get("forward") for m in self._forwards}
        for module, forward in self._forwards.items():
            vars(module)["forward"] = forward
        try:
            yield
        finally:
            for module, forward in before.items():
                if forward is None:
                    del vars(module)["forward"]
                else:
                    vars(module)["forward"] = forward
            self.values.clear()

    def _kept(self, run: Heard) -> Callable[[Tensor], Tensor]:
        def forward(x: Tensor) -> Tensor:
            output, value = run(x)
            self.values.append(value)
            return output

        return forward


def uncompiled(function: _Function, *, compiled: bool, inside: bool = True) -> _Function:
    """A function that torch.compile leaves as it is; the function itself when nothing compiles.

    Args:
        function: what it must not look into.
        compiled: whether anything is compiled; asking torch for it is slow the first time.
        inside: whether what the function calls is left as it is, too.
    """
    if not compiled:
        return function
    left: _Function = torch.compiler.disable(function, recursive=inside)
    return left


def given(module: nn.Module) -> Heard:
    """Hear what is given to a module."""

    def run(x: Tensor) -> tuple[Tensor, Tensor]:
        return type(module).forward(module, x), x

    return run


def told(module: nn.Module) -> Heard:
    """Hear what a module gives."""

    def run(x: Tensor) -> tuple[Tensor, Tensor]:
        output = type(module).forward(module, x)
        return output, output

    return run
