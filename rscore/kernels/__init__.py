"""Kernels of a neuron layer: the fastest that can do a tensor; all give the same spikes."""

from __future__ import annotations

from torch import Tensor

from rscore.kernels import cpu, gpu, reference
from rscore.kernels.dynamics import Dynamics
from rscore.kernels.scaling import amplitude_backward, amplitude_forward

__all__ = [
    "Dynamics",
    "amplitude_backward",
    "amplitude_forward",
    "neuron_backward",
    "neuron_forward",
]


def neuron_forward(currents: Tensor, decay: float, dynamics: Dynamics) -> Tensor:
    """Spikes [T, M] of currents [T, M], which lie in memory without gaps."""
    if cpu.serves(currents):
        return cpu.forward(currents, decay, dynamics)
    if gpu.serves(currents):
        return gpu.forward(currents, decay, dynamics)
    return reference.forward(currents, decay, dynamics)


def neuron_backward(
    grad: Tensor, currents: Tensor, decay: float, dynamics: Dynamics
) -> tuple[Tensor, Tensor]:
    """Gradients of the currents [T, M] and of the decay []; `grad` is that of the spikes."""
    if cpu.serves(currents):
        return cpu.backward(grad, currents, decay, dynamics)
    if gpu.serves(currents):
        return gpu.backward(grad, currents, decay, dynamics)
    return reference.backward(grad, currents, decay, dynamics)
