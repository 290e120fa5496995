"""Spiking neurons: the membrane over T steps and its surrogate gradient, fused in one function."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from rscore.surrogate import rectangle


class FusedLIF(torch.autograd.Function):
    """All T steps of a leaky integrate-and-fire layer as one node of the autograd graph.

    u[t] = decay * u[t-1] * (1 - s[t-1]) + x[t]        hard reset to 0
    s[t] = 1 if u[t] >= v_threshold else 0

    The backward pass differentiates the reset as well; only ds/du is replaced:
    ds/du = 1/width if |u - v_threshold| < width/2 else 0.

    Source: Guo et al., Real Spike, ECCV 2022 (arXiv 2210.06686), their tau is `decay` here.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, decay: float, v_threshold: float, width: float) -> Tensor:
        """Binary spikes for currents `x`, both [T, ...]."""
        layout = _Layout(x)
        currents = layout.flat(x)
        membrane = torch.empty_like(currents)
        spikes = torch.empty_like(currents)
        xs, us, ss = currents.unbind(0), membrane.unbind(0), spikes.unbind(0)
        us[0].copy_(xs[0])
        torch.ge(us[0], v_threshold, out=ss[0])
        for t in range(1, len(xs)):
            torch.addcmul(us[t - 1], us[t - 1], ss[t - 1], value=-1, out=us[t])
            us[t].mul_(decay).add_(xs[t])
            torch.ge(us[t], v_threshold, out=ss[t])
        ctx.save_for_backward(membrane, spikes)
        ctx.constants = (decay, v_threshold, width)
        ctx.layout = layout
        return layout.shaped(spikes)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None, None]:
        """Gradient of the currents, [T, ...].

        With g[t] the gradient of s[t], h[t] that of x[t] and c = decay * h[t+1]:
        h[t] = (g[t] - c * u[t]) * ds/du[t] + c * (1 - s[t])
        """
        membrane, spikes = ctx.saved_tensors
        decay, v_threshold, width = ctx.constants
        grad_x = torch.empty_like(membrane)
        gs, hs = ctx.layout.flat(grads[0]).unbind(0), grad_x.unbind(0)
        us, ss = membrane.unbind(0), spikes.unbind(0)
        last = len(us) - 1
        torch.mul(gs[last], rectangle(us[last] - v_threshold, width), out=hs[last])
        for t in reversed(range(last)):
            carried = hs[t + 1] * decay
            torch.addcmul(gs[t], us[t], carried, value=-1, out=hs[t])
            hs[t].mul_(rectangle(us[t] - v_threshold, width))
            hs[t].add_(carried).addcmul_(ss[t], carried, value=-1)
        return ctx.layout.shaped(grad_x), None, None, None


class _Layout:
    """The order in which a tensor [T, ...] lies in memory, as [T, M] without a copy.

    A channels-last tensor is so walked from end to end as a contiguous one is.
    """

    def __init__(self, like: Tensor) -> None:
        rest = sorted(range(1, like.dim()), key=lambda dim: -like.stride()[dim])
        self._order = [0, *rest]
        self._shape = [like.shape[dim] for dim in self._order]

    def flat(self, x: Tensor) -> Tensor:
        """[T, M] for [T, ...]; a view unless `x` lies otherwise in memory."""
        return x.permute(self._order).reshape(self._shape[0], -1)

    def shaped(self, x: Tensor) -> Tensor:
        """[T, ...] for [T, M], a view."""
        back = sorted(range(len(self._order)), key=self._order.__getitem__)
        return x.view(self._shape).permute(back)


class LIF(nn.Module):
    """Leaky integrate-and-fire layer with hard reset; emits binary spikes {0, 1}.

    Currents and spikes are time-major and flattened, [T*N, ...]; the membrane starts at 0 in
    every forward pass, so the layer keeps no state between calls.

    Raises:
        ValueError: if the first dimension is not a multiple of T.
    """

    def __init__(
        self, *, num_timesteps: int, decay: float, v_threshold: float, surrogate_width: float
    ) -> None:
        super().__init__()
        self.num_timesteps = num_timesteps
        self.decay = decay
        self.v_threshold = v_threshold
        self.surrogate_width = surrogate_width

    def forward(self, x: Tensor) -> Tensor:
        """Spikes [T*N, ...] for currents `x` [T*N, ...]."""
        if x.shape[0] % self.num_timesteps:
            raise ValueError(f"{x.shape[0]} rows are not a multiple of T = {self.num_timesteps}")
        currents = x.unflatten(0, (self.num_timesteps, -1))
        spikes: Tensor = FusedLIF.apply(  # type: ignore[no-untyped-call]
            currents, self.decay, self.v_threshold, self.surrogate_width
        )
        return spikes.flatten(0, 1)

    def extra_repr(self) -> str:
        """What the layer's repr shows."""
        return f"T={self.num_timesteps}, decay={self.decay}, v_threshold={self.v_threshold}"


def membrane_steps(currents: Tensor, *, decay: float, v_threshold: float) -> tuple[Tensor, Tensor]:
    """Membrane before reset and spikes, step by step without autograd tricks.

    Args:
        currents: [T, ...].
        decay: membrane factor per step.
        v_threshold: firing threshold.

    Returns:
        (u, s), both [T, ...]; s in {0, 1} with the dtype of `currents`.

    This is the form that inference, export and the certificate run.
    """
    membranes: list[Tensor] = []
    spikes: list[Tensor] = []
    for t in range(currents.shape[0]):
        u = currents[t]
        if membranes:
            u = u + decay * (membranes[-1] * (1 - spikes[-1]))
        membranes.append(u)
        spikes.append((u >= v_threshold).to(currents.dtype))
    return torch.stack(membranes), torch.stack(spikes)
