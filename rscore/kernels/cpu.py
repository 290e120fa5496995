"""The C++ kernels on tensors: float32 or bfloat16 on the CPU, membrane in float32."""

from __future__ import annotations

import ctypes
from typing import get_args

import torch
from torch import Tensor

from rscore.kernels.dynamics import Dynamics
from rscore.kernels.library import library
from rscore.spec import SurrogateName


class _Constants(ctypes.Structure):
    """The struct Constants of neuron.cpp."""

    _fields_ = (
        ("decay", ctypes.c_float),
        ("v_threshold", ctypes.c_float),
        ("width", ctypes.c_float),
        ("surrogate", ctypes.c_int32),
        ("soft_reset", ctypes.c_int32),
        ("detach_reset", ctypes.c_int32),
        ("ternary", ctypes.c_int32),
    )


_KINDS = get_args(SurrogateName)
"""The order of the enum Surrogate in neuron.cpp."""


def available(device: torch.device) -> bool:
    """True when tensors are on the CPU and the kernels could be built."""
    return device.type == "cpu" and library() is not None


def serves(currents: Tensor) -> bool:
    """True when the kernels can do this layer; `currents` are [T, M]."""
    if currents.dtype not in (torch.float32, torch.bfloat16) or not available(currents.device):
        return False
    most: int = _loaded().realspike_most_steps()
    return len(currents) <= most


def forward(currents: Tensor, decay: float, dynamics: Dynamics) -> Tensor:
    """As reference.forward, bit for bit."""
    spikes = torch.empty_like(currents)
    constants = _constants(decay, dynamics)
    _loaded().realspike_forward(
        currents.dtype == torch.bfloat16,
        currents.data_ptr(),
        spikes.data_ptr(),
        *currents.shape,
        ctypes.byref(constants),
    )
    return spikes


def backward(
    grad: Tensor, currents: Tensor, decay: float, dynamics: Dynamics
) -> tuple[Tensor, Tensor]:
    """As reference.backward, to the rounding of a sum."""
    grad_currents = torch.empty_like(currents)
    blocks = -(-currents.shape[1] // _loaded().realspike_block())
    sums = torch.empty(blocks, dtype=torch.float64)
    constants = _constants(decay, dynamics)
    _loaded().realspike_backward(
        currents.dtype == torch.bfloat16,
        grad.data_ptr(),
        currents.data_ptr(),
        grad_currents.data_ptr(),
        sums.data_ptr(),
        *currents.shape,
        ctypes.byref(constants),
    )
    return grad_currents, sums.sum().float()


def amplitude_forward(
    spikes: Tensor, amplitude: Tensor, shape: tuple[int, int, int]
) -> tuple[Tensor, Tensor]:
    """a * s of flat spikes [rows * period * run] and amplitude [period]; and s as int8."""
    scaled, kept = torch.empty_like(spikes), torch.empty_like(spikes, dtype=torch.int8)
    _loaded().realspike_amplitude_forward(
        spikes.data_ptr(), amplitude.data_ptr(), scaled.data_ptr(), kept.data_ptr(), *shape
    )
    return scaled, kept


def amplitude_backward(
    grad: Tensor, kept: Tensor, amplitude: Tensor, shape: tuple[int, int, int]
) -> tuple[Tensor, Tensor]:
    """Gradients of the spikes, shape of `grad`, and of the amplitude [period]."""
    grad_spikes = torch.empty_like(grad)
    sums = torch.empty(_loaded().realspike_amplitude_chunks(shape[0]), shape[1])
    _loaded().realspike_amplitude_backward(
        grad.data_ptr(),
        kept.data_ptr(),
        amplitude.data_ptr(),
        grad_spikes.data_ptr(),
        sums.data_ptr(),
        *shape,
    )
    return grad_spikes, sums.sum(0)


def _constants(decay: float, dynamics: Dynamics) -> _Constants:
    return _Constants(
        decay,
        dynamics.v_threshold,
        dynamics.surrogate_width,
        _KINDS.index(dynamics.surrogate),
        dynamics.reset == "soft",
        dynamics.detach_reset,
        dynamics.spike == "ternary",
    )


def _loaded() -> ctypes.CDLL:
    loaded = library()
    if loaded is None:
        raise RuntimeError("the C++ kernels are not available; ask `serves` first")
    return loaded
