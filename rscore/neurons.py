"""Spiking neurons: the membrane over T steps and its surrogate gradient, fused in one function."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from rscore.kernels import Dynamics, Scale, neuron_backward, neuron_forward
from rscore.kernels.reference import after_reset, surrogate_slope
from rscore.kernels.reference import spike as fired
from rscore.recomputing import recomputable
from rscore.spec import ResetKind, SpikeKind, SurrogateName


class FusedNeuron(torch.autograd.Function):
    """All T steps of a neuron layer, and its amplitude, as one node of the autograd graph.

    u[t] = decay * v[t-1] + x[t]
    s[t] = 1 if u[t] >= v_threshold else 0
    s[t] = sign(u[t]) if |u[t]| >= v_threshold else 0     ternary spikes
    v[t] = u[t] * (1 - |s[t]|)             hard reset to 0
    v[t] = u[t] - v_threshold * s[t]       soft reset
    o[t] = a * s[t]                        where there is an amplitude

    The backward pass differentiates the reset as well, unless it is detached; only ds/du is
    replaced by the surrogate. All that is kept for it are the currents.

    Source: Guo et al., Real Spike, ECCV 2022 (arXiv 2210.06686), their tau is `decay` here;
    ternary spikes: Guo et al., Ternary Spike, AAAI 2024 (arXiv 2312.06372).
    """

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        decay: Tensor | float,
        amplitudes: Tensor | None,
        run: int,
        dynamics: Dynamics,
    ) -> Tensor:
        """Spikes [T, M] of contiguous currents [T, M]; `amplitudes` and `run` are a Scale."""
        value = float(decay)
        ctx.save_for_backward(x, amplitudes)
        ctx.constants = (value, run, dynamics)
        return neuron_forward(x, value, dynamics, _scale(amplitudes, run))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of the currents, [T, M], of a learned decay, [], and of the amplitudes."""
        x, amplitudes = ctx.saved_tensors
        decay, run, dynamics = ctx.constants
        found = neuron_backward(
            grad.contiguous(),
            x,
            decay,
            dynamics,
            _scale(amplitudes, run),
            learn_decay=ctx.needs_input_grad[1],
        )
        return found.currents, found.decay, found.scale, None, None


def _scale(amplitudes: Tensor | None, run: int) -> Scale | None:
    return None if amplitudes is None else Scale(amplitudes, run)


def fused_spikes(
    x: Tensor, decay: Tensor | float, dynamics: Dynamics, amplitude: Tensor | None = None
) -> Tensor:
    """Spikes [T*N, ...] of currents [T, N, ...], in the memory layout of the currents.

    Args:
        x: currents, contiguous or channels-last (else they are copied).
        decay: a number, or a tensor [] to be trained.
        dynamics: the layer's constants.
        amplitude: of one sample's neurons: one number, [C, 1, 1] or [C], or all of them.
    """
    layout = Layout(x)
    currents = layout.flat(x)
    scale = None if amplitude is None else layout.scale(amplitude)
    values, run = scale or (None, 1)
    spikes: Tensor = FusedNeuron.apply(  # type: ignore[no-untyped-call]
        currents, decay, values, run, dynamics
    )
    shaped = layout.shaped(spikes).flatten(0, 1)
    if not spikes.requires_grad:
        return shaped
    currents = currents.detach()
    number = float(decay.detach()) if isinstance(decay, Tensor) else decay
    kept = None if scale is None else Scale(scale.values.detach(), run)

    def again() -> Tensor:
        return layout.shaped(neuron_forward(currents, number, dynamics, kept)).flatten(0, 1)

    return recomputable(shaped, again)


class Layout:
    """The order in which currents [T, N, ...] lie in memory: contiguous or channels-last."""

    def __init__(self, like: Tensor) -> None:
        self._order = list(range(like.dim()))
        if like.dim() == 5 and not like.is_contiguous():
            channels_last = [0, 1, 3, 4, 2]
            if like.permute(channels_last).is_contiguous():
                self._order = channels_last
        self._shape = [like.shape[dim] for dim in self._order]

    def flat(self, x: Tensor) -> Tensor:
        """[T, M] for [T, N, ...], a view unless `x` lies otherwise in memory."""
        return x.permute(self._order).reshape(self._shape[0], -1).contiguous()

    def shaped(self, x: Tensor) -> Tensor:
        """[T, N, ...] for [T, M], a view."""
        back = sorted(range(len(self._order)), key=self._order.__getitem__)
        return x.view(self._shape).permute(back)

    def scale(self, amplitude: Tensor) -> Scale:
        """An amplitude that broadcasts against one sample, in memory order."""
        order = [dim - 2 for dim in self._order[2:]] if amplitude.dim() > 1 else [0]
        laid = amplitude.permute(order).contiguous()
        run = 1
        for length, shared in zip(reversed(self._shape[2:]), reversed(laid.shape), strict=True):
            if shared != 1:
                break
            run *= length
        return Scale(laid.flatten(), run)


class LIF(nn.Module):
    """Leaky integrate-and-fire layer; emits spikes {0, 1}, or {-1, 0, 1} for ternary ones.

    With decay 1 it is an integrate-and-fire layer. Currents and spikes are time-major and
    flattened, [T*N, ...]; the membrane starts at 0 in every forward pass, so the layer keeps no
    state between calls. The equations are at FusedNeuron.

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
        return fused_spikes(self._by_time(x), self._decay_now(), self.dynamics)

    def scaled(self, x: Tensor, amplitude: Tensor) -> Tensor:
        """Spikes times an amplitude that broadcasts against one sample, [T*N, ...], in one go."""
        return fused_spikes(self._by_time(x), self._decay_now(), self.dynamics, amplitude)

    def membrane_and_spikes(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Membrane before reset and spikes, both [T*N, ...], each differentiable.

        Step by step through autograd: for losses on the membrane, and to check the fused form.
        """
        membrane, spikes = _plain_steps(self._by_time(x), self._decay_now(), self.dynamics)
        return membrane.flatten(0, 1), spikes.flatten(0, 1)

    def extra_repr(self) -> str:
        """What the layer's repr shows."""
        kind = self.dynamics
        shown = f"T={self.num_timesteps}, decay={self.decay_value():g}"
        return f"{shown}, v_threshold={kind.v_threshold:g}, {kind.reset} reset, {kind.spike}"

    def _decay_now(self) -> Tensor | float:
        return self._decay if self.decay_logit is None else torch.sigmoid(self.decay_logit)

    def _by_time(self, x: Tensor) -> Tensor:
        if x.shape[0] % self.num_timesteps:
            raise ValueError(f"{x.shape[0]} rows are not a multiple of T = {self.num_timesteps}")
        currents: Tensor = x.unflatten(0, (self.num_timesteps, -1))
        return currents


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


def _plain_steps(x: Tensor, decay: Tensor | float, dynamics: Dynamics) -> tuple[Tensor, Tensor]:
    membranes: list[Tensor] = []
    spikes: list[Tensor] = []
    for current in x.unbind(0):
        u = current
        if membranes:
            s = spikes[-1].detach() if dynamics.detach_reset else spikes[-1]
            u = u + decay * after_reset(membranes[-1], s, dynamics)
        membranes.append(u)
        spikes.append(SurrogateSpike.apply(u, dynamics))  # type: ignore[no-untyped-call]
    return torch.stack(membranes), torch.stack(spikes)


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
    dynamics = Dynamics(v_threshold, "rectangle", 1.0, reset, True, spike)
    membranes: list[Tensor] = []
    spikes: list[Tensor] = []
    for t in range(currents.shape[0]):
        u = currents[t]
        if membranes:
            u = u + decay * after_reset(membranes[-1], spikes[-1], dynamics)
        membranes.append(u)
        spikes.append(fired(u, dynamics))
    return torch.stack(membranes), torch.stack(spikes)
