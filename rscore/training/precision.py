"""Precision: the arithmetic of a training step, float32 or mixed with half precision."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from rscore.errors import SpecError
from rscore.spec import RunSpec

_HALVES = {"bf16": torch.bfloat16, "fp16": torch.float16}


class Precision:
    """Mixed precision: synapses in half precision, weights, membranes and loss in float32.

    fp16 has a small range, so its loss is scaled up before the backward pass; a step whose
    gradients do not fit even so is left out and the scale made smaller.

    Source: Micikevicius et al., Mixed Precision Training, 2018 (arXiv 1710.03740).

    Raises:
        SpecError: fp16 on the CPU.
    """

    def __init__(self, spec: RunSpec, device: torch.device) -> None:
        if spec.precision == "fp16" and device.type != "cuda":
            raise SpecError(
                f"precision: fp16 needs a GPU, and this run is on {device}; use bf16 or fp32"
            )
        self._device = device
        self._half = _HALVES.get(spec.precision)
        self._scaler = torch.amp.GradScaler(device.type, enabled=spec.precision == "fp16")

    def mixed(self) -> AbstractContextManager[object]:
        """Around the forward pass and the loss."""
        if self._half is None:
            return nullcontext()
        return torch.autocast(self._device.type, self._half)

    def apply(
        self, loss: Tensor, optimizer: Optimizer, module: nn.Module, *, clip_norm: float | None
    ) -> None:
        """Backward pass of `loss` [] and one step of the optimiser of `module`'s parameters.

        Args:
            loss: not finite gradients of it are left out in fp16.
            optimizer: its gradients are zero or None.
            module: whose parameters it optimises.
            clip_norm: largest norm of all gradients together; not clipped when None.
        """
        self._scaler.scale(loss).backward()
        if clip_norm is not None:
            self._scaler.unscale_(optimizer)
            nn.utils.clip_grad_norm_(module.parameters(), clip_norm)
        self._scaler.step(optimizer)
        self._scaler.update()

    def tensors(self) -> dict[str, Tensor]:
        """The scaler's state, for a checkpoint; empty without one."""
        state = self._scaler.state_dict()
        names = ("scale", "_growth_tracker")
        return {name: torch.tensor(state[name], dtype=torch.float64) for name in names if state}

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Go on from the state of a checkpoint."""
        state = self._scaler.state_dict()
        if state:
            state["scale"] = tensors["scale"].item()
            state["_growth_tracker"] = int(tensors["_growth_tracker"])
            self._scaler.load_state_dict(state)
