"""The neuron's steps as Triton kernels on CUDA: one program per block of neurons, T inside."""

from __future__ import annotations

import functools
import importlib.util
from typing import Any

import torch
from torch import Tensor

from rscore.kernels.dynamics import Dynamics

BLOCK = 512


def serves(currents: Tensor) -> bool:
    """True when the kernels can do this layer; `currents` are [T, M]."""
    half = (torch.float16, torch.bfloat16)
    return (
        currents.device.type == "cuda"
        and currents.dtype in (torch.float32, *half)
        and importlib.util.find_spec("triton") is not None
    )


def forward(currents: Tensor, decay: float, dynamics: Dynamics) -> Tensor:
    """As reference.forward."""
    spikes = torch.empty_like(currents)
    steps, neurons = currents.shape
    _programs().forward[(-(-neurons // BLOCK),)](
        currents, spikes, decay, dynamics.v_threshold, neurons, **_choices(steps, dynamics)
    )
    return spikes


def backward(
    grad: Tensor, currents: Tensor, decay: float, dynamics: Dynamics
) -> tuple[Tensor, Tensor]:
    """As reference.backward, to the rounding of a sum."""
    grad_currents = torch.empty_like(currents)
    steps, neurons = currents.shape
    blocks = -(-neurons // BLOCK)
    membrane = torch.empty(currents.shape, dtype=torch.float32, device=currents.device)
    sums = torch.empty(blocks, dtype=torch.float32, device=currents.device)
    _programs().backward[(blocks,)](
        grad,
        currents,
        membrane,
        grad_currents,
        sums,
        decay,
        dynamics.v_threshold,
        dynamics.surrogate_width,
        neurons,
        **_choices(steps, dynamics),
        DETACH=dynamics.detach_reset,
        SURROGATE=dynamics.surrogate,
    )
    return grad_currents, sums.sum()


def _choices(steps: int, dynamics: Dynamics) -> dict[str, Any]:
    return {
        "STEPS": steps,
        "BLOCK": BLOCK,
        "SOFT": dynamics.reset == "soft",
        "TERNARY": dynamics.spike == "ternary",
    }


@functools.cache
def _programs() -> Any:
    from rscore.kernels import triton_programs

    return triton_programs
