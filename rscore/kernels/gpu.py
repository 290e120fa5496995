"""The neuron's steps as Triton kernels on CUDA: one program per block of neurons, T inside."""

from __future__ import annotations

import functools
import importlib.util
from typing import Any

import torch
from torch import Tensor

from rscore.kernels.dynamics import Dynamics, Scale
from rscore.kernels.reference import Gradients

BLOCK = 512


def serves(currents: Tensor) -> bool:
    """True when the kernels can do this layer; `currents` are [T, M]."""
    half = (torch.float16, torch.bfloat16)
    return (
        currents.device.type == "cuda"
        and currents.dtype in (torch.float32, *half)
        and importlib.util.find_spec("triton") is not None
    )


def forward(
    currents: Tensor, decay: float, dynamics: Dynamics, scale: Scale | None = None
) -> Tensor:
    """As reference.forward."""
    result = torch.empty_like(currents)
    amplitudes, period, run = _amplitudes(scale, currents)
    _programs().forward[(_blocks(currents),)](
        currents,
        amplitudes,
        result,
        decay,
        dynamics.v_threshold,
        currents.shape[1],
        period,
        run,
        **_choices(currents, dynamics, scale),
    )
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
    neurons = currents.shape[1]
    grad_currents = torch.empty_like(currents)
    membrane = torch.empty_like(currents, dtype=torch.float32)
    of_decay = membrane.new_empty(_blocks(currents))
    of_neurons = membrane.new_empty(neurons if scale else 1)
    amplitudes, period, run = _amplitudes(scale, currents)
    _programs().backward[(_blocks(currents),)](
        grad,
        currents,
        amplitudes,
        membrane,
        grad_currents,
        of_decay,
        of_neurons,
        decay,
        dynamics.v_threshold,
        dynamics.surrogate_width,
        neurons,
        period,
        run,
        **_choices(currents, dynamics, scale),
        DETACH=dynamics.detach_reset,
        SURROGATE=dynamics.surrogate,
    )
    return Gradients(
        grad_currents,
        of_decay.sum() if learn_decay else None,
        scale.collected(of_neurons) if scale else None,
    )


def _blocks(currents: Tensor) -> int:
    return -(-currents.shape[1] // BLOCK)


def _amplitudes(scale: Scale | None, unused: Tensor) -> tuple[Tensor, int, int]:
    return (scale.values.float(), len(scale.values), scale.run) if scale else (unused, 1, 1)


def _choices(currents: Tensor, dynamics: Dynamics, scale: Scale | None) -> dict[str, Any]:
    """What a program is compiled for. Without fused multiply-adds its spikes are torch's."""
    return {
        "STEPS": len(currents),
        "BLOCK": BLOCK,
        "SOFT": dynamics.reset == "soft",
        "TERNARY": dynamics.spike == "ternary",
        "SCALED": scale is not None,
        "enable_fp_fusion": False,
    }


@functools.cache
def _programs() -> Any:
    from rscore.kernels import triton_programs

    return triton_programs
