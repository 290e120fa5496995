"""The C++ kernels on tensors: float32 or bfloat16 on the CPU, membrane in float32."""

from __future__ import annotations

import ctypes
from typing import get_args

import torch
from torch import Tensor

from rscore.kernels.dynamics import Dynamics, Scale
from rscore.kernels.library import library
from rscore.kernels.reference import Gradients
from rscore.spec import SurrogateName

_KINDS = get_args(SurrogateName)
"""The order of the enum Surrogate in surrogate.h."""


class _Layer(ctypes.Structure):
    """The struct Layer of neuron.cpp."""

    _fields_ = (
        ("steps", ctypes.c_int64),
        ("neurons", ctypes.c_int64),
        ("amplitudes", ctypes.c_void_p),
        ("period", ctypes.c_int64),
        ("run", ctypes.c_int64),
        ("decay", ctypes.c_float),
        ("v_threshold", ctypes.c_float),
        ("width", ctypes.c_float),
        ("surrogate", ctypes.c_int32),
        ("soft_reset", ctypes.c_int32),
        ("detach_reset", ctypes.c_int32),
        ("ternary", ctypes.c_int32),
        ("half", ctypes.c_int32),
    )


def serves(currents: Tensor) -> bool:
    """True when the kernels can do this layer; `currents` are [T, M]."""
    if currents.device.type != "cpu" or currents.dtype not in (torch.float32, torch.bfloat16):
        return False
    loaded = library()
    return loaded is not None and len(currents) <= loaded.realspike_most_steps()


def forward(
    currents: Tensor, decay: float, dynamics: Dynamics, scale: Scale | None = None
) -> Tensor:
    """As reference.forward, bit for bit."""
    result = torch.empty_like(currents)
    scale = _single(scale)
    layer = _layer(currents, decay, dynamics, scale)
    _loaded().realspike_forward(ctypes.byref(layer), currents.data_ptr(), result.data_ptr())
    return result


def backward(
    grad: Tensor,
    currents: Tensor,
    decay: float,
    dynamics: Dynamics,
    scale: Scale | None = None,
    *,
    learn_decay: bool = False,
) -> Gradients:
    """As reference.backward, to the rounding of a sum."""
    grad_currents = torch.empty_like(currents)
    scale = _single(scale)
    layer = _layer(currents, decay, dynamics, scale)
    chunks = _loaded().realspike_chunks(ctypes.byref(layer))
    of_decay = torch.zeros(chunks, dtype=torch.float64) if learn_decay else None
    of_scale = torch.zeros(chunks, len(scale.values), dtype=torch.float64) if scale else None
    _loaded().realspike_backward(
        ctypes.byref(layer),
        grad.data_ptr(),
        currents.data_ptr(),
        grad_currents.data_ptr(),
        None if of_decay is None else of_decay.data_ptr(),
        None if of_scale is None else of_scale.data_ptr(),
    )
    return Gradients(
        grad_currents,
        None if of_decay is None else of_decay.sum().float(),
        None if of_scale is None else of_scale.sum(0).float(),
    )


def _single(scale: Scale | None) -> Scale | None:
    return None if scale is None else Scale(scale.values.float(), scale.run)


def _layer(currents: Tensor, decay: float, dynamics: Dynamics, scale: Scale | None) -> _Layer:
    amplitudes = (scale.values.data_ptr(), len(scale.values), scale.run) if scale else (None, 1, 1)
    return _Layer(
        *currents.shape,
        *amplitudes,
        decay,
        dynamics.v_threshold,
        dynamics.surrogate_width,
        _KINDS.index(dynamics.surrogate),
        dynamics.reset == "soft",
        dynamics.detach_reset,
        dynamics.spike == "ternary",
        currents.dtype == torch.bfloat16,
    )


def _loaded() -> ctypes.CDLL:
    loaded = library()
    if loaded is None:
        raise RuntimeError("the C++ kernels are not available; ask `serves` first")
    return loaded
