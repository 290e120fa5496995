"""Random numbers that depend on where a training stands and on nothing that came before."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor


def generator(purpose: str, *position: int) -> torch.Generator:
    """A CPU generator for one purpose at one position, for example a seed, an epoch, a batch.

    It is derived, not carried along: whoever resumes at a position draws the same numbers.
    """
    text = "/".join([purpose, *map(str, position)])
    digest = hashlib.sha256(text.encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:4], "big"))


def order(count: int, *, seed: int, epoch: int) -> Tensor:
    """The order [count] in which an epoch visits the training samples."""
    return torch.randperm(count, generator=generator("order", seed, epoch))


def random_state(device: torch.device) -> dict[str, Tensor]:
    """torch's own random state, for modules that draw from it, by kind of device."""
    states = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        states["cuda"] = torch.cuda.get_rng_state(device)
    return states


def restore_random_state(states: Mapping[str, Tensor], device: torch.device) -> None:
    """Put back what `random_state` gave; a state of a device that is not used is left out."""
    torch.set_rng_state(states["cpu"])
    if device.type == "cuda" and "cuda" in states:
        torch.cuda.set_rng_state(states["cuda"], device)


@contextmanager
def reproducible(device: torch.device, *, deterministic: bool = True) -> Iterator[None]:
    """Deterministic algorithms and a random state of its own, both put back afterwards.

    On the CPU an operation without a deterministic form is an error. On CUDA it warns, so that
    such a network can still be trained. When not `deterministic`, any algorithm will do and cuDNN
    tries which is the fastest; the random state is the block's own all the same.
    """
    memory: Any = torch.utils.deterministic
    before = (
        torch.get_deterministic_debug_mode(),
        memory.fill_uninitialized_memory,
        torch.backends.cudnn.benchmark,
    )
    strict = "error" if device.type == "cpu" else "warn"
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        try:
            torch.set_deterministic_debug_mode(strict if deterministic else "default")
            memory.fill_uninitialized_memory = False
            torch.backends.cudnn.benchmark = not deterministic
            yield
        finally:
            torch.set_deterministic_debug_mode(before[0])
            memory.fill_uninitialized_memory = before[1]
            torch.backends.cudnn.benchmark = before[2]
