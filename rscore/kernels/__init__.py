"""Kernels of a neuron layer: the fastest that can do a tensor; all give the same spikes."""

from __future__ import annotations

from types import ModuleType

from torch import Tensor

from rscore.kernels import cpu, gpu, reference
from rscore.kernels.dynamics import Dynamics, Scale
from rscore.kernels.reference import Gradients

__all__ = ["Dynamics", "Gradients", "Scale", "neuron_backward", "neuron_forward"]


def neuron_forward(
    currents: Tensor, decay: float, dynamics: Dynamics, scale: Scale | None = None
) -> Tensor:
    """Spikes [T, M] of currents [T, M], times their amplitude where there is one.

    The currents are contiguous; the result has their dtype.
    """
    spikes: Tensor = _fastest(currents).forward(currents, decay, dynamics, scale)
    return spikes


def neuron_backward(
    grad: Tensor,
    currents: Tensor,
    decay: float,
    dynamics: Dynamics,
    scale: Scale | None = None,
    *,
    learn_decay: bool = False,
) -> Gradients:
    """Gradients of what neuron_forward was given; `grad`, contiguous, is that of its result."""
    gradients: Gradients = _fastest(currents).backward(
        grad, currents, decay, dynamics, scale, learn_decay=learn_decay
    )
    return gradients


def _fastest(currents: Tensor) -> ModuleType:
    return next((kernels for kernels in (cpu, gpu) if kernels.serves(currents)), reference)
