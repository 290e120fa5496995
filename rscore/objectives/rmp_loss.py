"""RMP-Loss: draw each membrane to the spike value that it will be rounded to."""

from __future__ import annotations

from torch import Tensor

from rscore.neurons import LIF


def rmp_loss(membrane: Tensor, neuron: LIF) -> Tensor:
    """mean(min(|u|, |1 - u|)^2), a number [], for a membrane u [T*N, ...] before its reset.

    It is the squared error of rounding u to the nearest spike value, 0 or 1. Ternary spikes have
    -1 as well, which is no part of the paper.

    The paper's own schedule of the weight could not be read; the weight here is constant.

    Source: Guo et al., RMP-Loss: Regularizing Membrane Potential Distribution for Spiking Neural
    Networks, ICCV 2023 (arXiv 2308.06787).
    """
    lowest = 0 if neuron.dynamics.spike == "binary" else -1
    nearest = membrane.detach().round().clamp(lowest, 1)
    return (membrane - nearest).square().mean()
