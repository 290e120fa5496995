"""Spiking neurons: leaky integrate-and-fire layers, and their steps one by one."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from rscore.kernels import Dynamics
from rscore.kernels.fused import fused_spikes
from rscore.kernels.reference import after_reset, precise, surrogate_slope
from rscore.kernels.reference import spike as fired
from rscore.spec import ResetKind, SpikeKind, SurrogateName


class LIF(nn.Module):
    """Leaky integrate-and-fire layer; emits spikes {0, 1}, or {-1, 0, 1} for ternary ones.

    With decay 1 it is an integrate-and-fire layer. Currents and spikes are time-major and
    flattened, [T*N, ...]; the membrane starts at 0 in every forward pass, so the layer keeps no
    state between calls. The equations are at FusedNeuron, rscore/kernels/fused.py.

    Args:
        num_timesteps: T.
        decay: membrane factor per step, in (0, 1].
        v_threshold: firing threshold, > 0.
        surrogate: stand-in for ds/du, see rscore/surrogate.py.
        surrogate_width: its width.
        reset: to 0 (hard) or by v_threshold (soft).
        detach_reset: leave the reset out of the gradient.
        learn_decay: train the decay, as the sigmoid of one parameter that starts at `decay` < 1
            (Fang et al., ICCV 2021, arXiv 2007.05785).
        spike: binary or ternary.

    Raises:
        ValueError: if `learn_decay` starts at 1; in forward, if the first dimension is not a
            multiple of T.
    """

    def __init__(
        self,
        *,
        num_timesteps: int,
        decay: float = 0.25,
        v_threshold: float = 0.5,
        surrogate: SurrogateName = "rectangle",
        surrogate_width: float = 1.0,
        reset: ResetKind = "hard",
        detach_reset: bool = False,
        learn_decay: bool = False,
        spike: SpikeKind = "binary",
    ) -> None:
        super().__init__()
        self.num_timesteps = num_timesteps
        self.dynamics = Dynamics(
            v_threshold, surrogate, surrogate_width, reset, detach_reset, spike
        )
        self._decay = decay
        self.decay_logit: nn.Parameter | None = None
        if learn_decay:
            if not 0 < decay < 1:
                raise ValueError(f"a learned decay must start between 0 and 1, not at {decay}")
            self.decay_logit = nn.Parameter(torch.tensor(math.log(decay / (1 - decay))))

    @property
    def v_threshold(self) -> float:
        """The firing threshold."""
        return self.dynamics.v_threshold

    def decay_value(self) -> float:
        """The decay in force, learned or fixed."""
        decay = self._decay_now()
        return float(decay.detach()) if isinstance(decay, Tensor) else decay

    def forward(self, x: Tensor) -> Tensor:
        """Spikes [T*N, ...] for currents `x` [T*N, ...]."""
        return self._fused(x, None)

    def scaled(self, x: Tensor, amplitude: Tensor) -> Tensor:
        """Spikes times an amplitude that broadcasts against one sample, [T*N, ...], in one go."""
        return self._fused(x, amplitude)

    def membrane_and_spikes(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Membrane before reset and spikes, both [T*N, ...], each differentiable.

        Step by step through autograd: for losses on the membrane, and to check the fused form. As
        there, the membrane is float32 where currents are half precision.
        """
        membranes, spikes = self._steps(x)
        return torch.cat(membranes), torch.cat(spikes).to(x.dtype)

    def extra_repr(self) -> str:
        """What the layer's repr shows."""
        kind = self.dynamics
        shown = f"T={self.num_timesteps}, decay={self.decay_value():g}"
        return f"{shown}, v_threshold={kind.v_threshold:g}, {kind.reset} reset, {kind.spike}"

    def _decay_now(self) -> Tensor | float:
        return self._decay if self.decay_logit is None else torch.sigmoid(self.decay_logit)

    def _fused(self, x: Tensor, amplitude: Tensor | None) -> Tensor:
        self._check_rows(x)
        return fused_spikes(
            x,
            num_timesteps=self.num_timesteps,
            decay=self._decay_now(),
            dynamics=self.dynamics,
            amplitude=amplitude,
        )

    def _steps(self, x: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """Membrane and spikes [N, ...] of every step."""
        self._check_rows(x)
        currents: Tensor = precise(x).unflatten(0, (self.num_timesteps, -1))
        return unrolled(currents, self._decay_now(), self.dynamics, self._spike)

    def _spike(self, u: Tensor) -> Tensor:
        """Differentiable spikes of a membrane."""
        spikes: Tensor = SurrogateSpike.apply(u, self.dynamics)  # type: ignore[no-untyped-call]
        return spikes

    def _check_rows(self, x: Tensor) -> None:
        if x.shape[0] % self.num_timesteps:
            raise ValueError(f"{x.shape[0]} rows are not a multiple of T = {self.num_timesteps}")


class SurrogateSpike(torch.autograd.Function):
    """One step's spike with the surrogate as its derivative, for the step-by-step form."""

    @staticmethod
    def forward(ctx: Any, u: Tensor, dynamics: Dynamics) -> Tensor:
        """Spikes of a membrane `u`, same shape."""
        ctx.save_for_backward(u)
        ctx.dynamics = dynamics
        return fired(u, dynamics)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        """Gradient of the membrane."""
        (u,) = ctx.saved_tensors
        return grads[0] * surrogate_slope(u, ctx.dynamics), None


def unrolled(
    currents: Tensor,
    decay: Tensor | float,
    dynamics: Dynamics,
    emit: Callable[[Tensor], Tensor],
) -> tuple[list[Tensor], list[Tensor]]:
    """Membrane before reset and spikes of every step, one after the other in plain torch.

    Args:
        currents: [T, ...].
        decay: membrane factor per step.
        dynamics: the reset, and whether it is left out of the gradient.
        emit: spikes of a membrane.

    Returns:
        (u, s), T tensors of a step's shape each.
    """
    membranes: list[Tensor] = []
    spikes: list[Tensor] = []
    for current in currents.unbind(0):
        u = current
        if membranes:
            s = spikes[-1].detach() if dynamics.detach_reset else spikes[-1]
            u = u + decay * after_reset(membranes[-1], s, dynamics)
        membranes.append(u)
        spikes.append(emit(u))
    return membranes, spikes


def membrane_steps(
    currents: Tensor,
    *,
    decay: float,
    v_threshold: float,
    reset: ResetKind = "hard",
    spike: SpikeKind = "binary",
) -> tuple[Tensor, Tensor]:
    """Membrane before reset and spikes, step by step without autograd tricks.

    Args:
        currents: [T, ...].
        decay: membrane factor per step.
        v_threshold: firing threshold.
        reset: hard or soft.
        spike: binary or ternary.

    Returns:
        (u, s), both [T, ...]; s with the dtype of `currents`.

    This is the form that inference, export and the certificate run.
    """
    dynamics = Dynamics(v_threshold, "rectangle", 1.0, reset, False, spike)
    membranes, spikes = unrolled(currents, decay, dynamics, lambda u: fired(u, dynamics))
    return torch.stack(membranes), torch.stack(spikes)
