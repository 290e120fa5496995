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
        membrane = torch.empty_like(x)
        spikes = torch.empty_like(x)
        for t in range(x.shape[0]):
            if t == 0:
                membrane[0] = x[0]
            else:
                carried = membrane[t - 1] * (1 - spikes[t - 1])
                torch.add(x[t], carried, alpha=decay, out=membrane[t])
            spikes[t] = membrane[t] >= v_threshold
        ctx.save_for_backward(membrane, spikes)
        ctx.constants = (decay, v_threshold, width)
        return spikes

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None, None]:
        """Gradient of the currents, [T, ...]."""
        membrane, spikes = ctx.saved_tensors
        decay, v_threshold, width = ctx.constants
        (grad_spikes,) = grads
        window = rectangle(membrane - v_threshold, width)
        grad_x = torch.empty_like(membrane)
        grad_next: Tensor | None = None
        for t in reversed(range(membrane.shape[0])):
            grad_s = grad_spikes[t]
            if grad_next is None:
                grad_x[t] = grad_s * window[t]
            else:
                grad_s = grad_s - decay * membrane[t] * grad_next
                grad_x[t] = grad_s * window[t] + decay * (1 - spikes[t]) * grad_next
            grad_next = grad_x[t]
        return grad_x, None, None, None


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
        spikes: Tensor = FusedLIF.apply(
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
