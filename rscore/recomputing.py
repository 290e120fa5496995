"""Spikes that the layers behind a neuron keep for their backward pass, kept as what gives them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import torch
from torch import Tensor

Again = Callable[[], Tensor]
"""Gives the values of a tensor once more, bit for bit and without a graph."""


def recomputable(spikes: Tensor, again: Again) -> Tensor:
    """The same tensor; inside `recomputed_spikes` whoever keeps it keeps `again` instead."""
    spikes.__dict__[_AGAIN] = again
    return spikes


def recomputed_spikes() -> AbstractContextManager[None]:
    """Around a forward pass: a convolution keeps no copy of the spikes that it is given.

    A neuron layer keeps its currents in any case, and computing its spikes again costs one pass
    over them. Of the three float tensors that a convolution, its BatchNorm and the neurons behind
    it would keep, two are left, as many as with ReLU.
    """
    return torch.autograd.graph.saved_tensors_hooks(_packed, _unpacked)


_AGAIN = "_rscore_again"


def _packed(kept: Tensor) -> Tensor | Again:
    again: Again | None = kept.__dict__.get(_AGAIN)
    return kept if again is None else again


def _unpacked(kept: Tensor | Again) -> Tensor:
    return kept if isinstance(kept, Tensor) else kept()
