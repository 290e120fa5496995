"""Histograms of amplitudes and membranes, small enough to be kept for every epoch."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from rscore.amplitude import Amplitude
from rscore.neurons import LIF

BINS = 32
MEMBRANE_VALUES = 2**16
"""About so many membrane values of a layer are enough for a histogram of it."""


class Histogram(NamedTuple):
    """Counts of values in equal-width bins between `low` and `high`."""

    low: float
    high: float
    counts: tuple[int, ...]


def histogram(values: Tensor, bins: int = BINS) -> Histogram | None:
    """Histogram of the finite values of a tensor of any shape, over exactly their range.

    Where all values are one, its bins span 1 around it. None where no value is finite.
    """
    floats = values.detach().flatten().float().cpu()
    if not floats.sum().isfinite():
        floats = floats[floats.isfinite()]
    if not len(floats):
        return None
    low, high = (edge.item() for edge in floats.aminmax())
    if low == high:
        low, high = low - 0.5, high + 0.5
    bin_of = ((floats - low) * (bins / (high - low))).long().clamp_(0, bins - 1)
    return Histogram(low, high, tuple(torch.bincount(bin_of, minlength=bins).tolist()))


def amplitude_histograms(network: nn.Module) -> dict[str, Histogram]:
    """Histogram amplitude/<layer> of every amplitude; none for a binary network."""
    found = {
        f"amplitude/{name}": histogram(module.effective())
        for name, module in network.named_modules()
        if isinstance(module, Amplitude)
    }
    return {name: one for name, one in found.items() if one is not None}


def membrane_histogram(neuron: LIF, currents: Tensor) -> Histogram | None:
    """Histogram of the membrane before reset, for some of the samples in `currents` [T*N, ...]."""
    steps = currents.unflatten(0, (neuron.num_timesteps, -1))
    a_sample = steps[:, :1].numel()
    few = steps[:, : max(1, MEMBRANE_VALUES // a_sample)]
    membrane, _ = neuron.membrane_and_spikes(few.flatten(0, 1))
    return histogram(membrane)
