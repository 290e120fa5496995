"""The neuron's T steps forward and backward in plain torch: every device, dtype and combination."""

from __future__ import annotations

import torch
from torch import Tensor

from rscore.kernels.dynamics import Dynamics
from rscore.surrogate import SURROGATES


def forward(currents: Tensor, decay: float, dynamics: Dynamics) -> Tensor:
    """Spikes [T, M] of currents [T, M], in their dtype; the membrane is float32 or float64."""
    spikes = torch.empty_like(currents)
    carried: Tensor | None = None
    for x, s in zip(currents.unbind(0), spikes.unbind(0), strict=True):
        u = _precise(x) if carried is None else carried.mul_(decay).add_(x)
        fired = spike(u, dynamics)
        s.copy_(fired)
        carried = after_reset(u, fired, dynamics)
    return spikes


def backward(
    grad: Tensor, currents: Tensor, decay: float, dynamics: Dynamics
) -> tuple[Tensor, Tensor]:
    """Gradient of the currents [T, M] and of the decay [].

    With g[t] the gradient of s[t], h[t] that of x[t], v[t] the membrane after its reset and
    c = decay * h[t+1]:  h[t] = (g[t] + c * dv/ds) * ds/du + c * dv/du, where only ds/du is the
    surrogate. The membrane is computed again from the currents, so that nothing else is kept.
    """
    surrogate, width = SURROGATES[dynamics.surrogate], dynamics.surrogate_width
    threshold = dynamics.v_threshold
    membrane = _membrane(currents, decay, dynamics)
    grad_currents = torch.empty_like(currents)
    grad_decay = membrane.new_zeros(())
    later: Tensor | None = None
    for t in reversed(range(len(currents))):
        u, g = membrane[t], _precise(grad[t])
        slope = surrogate(u - threshold, width)
        if dynamics.spike == "ternary":
            slope = slope + surrogate(u + threshold, width)
        if later is None:
            h = g * slope
        else:
            s, c = spike(u, dynamics), later * decay
            grad_decay += (later * after_reset(u, s, dynamics)).sum()
            h = (g + _reset_slope(u, s, c, dynamics)) * slope + _kept(c, s, dynamics)
        grad_currents[t] = h
        later = h
    return grad_currents, grad_decay


def spike(u: Tensor, dynamics: Dynamics) -> Tensor:
    """s of a membrane u, any shape: 1[u >= v_threshold], or sign(u) 1[|u| >= v_threshold]."""
    fired = u >= dynamics.v_threshold
    if dynamics.spike == "binary":
        return fired.to(u.dtype)
    return fired.to(u.dtype) - (u <= -dynamics.v_threshold).to(u.dtype)


def after_reset(u: Tensor, s: Tensor, dynamics: Dynamics) -> Tensor:
    """v = u (1 - |s|) for the hard reset, u - v_threshold s for the soft one."""
    if dynamics.reset == "soft":
        return u - dynamics.v_threshold * s
    return u * (1 - (s if dynamics.spike == "binary" else s.abs()))


def _reset_slope(u: Tensor, s: Tensor, c: Tensor, dynamics: Dynamics) -> Tensor | float:
    """c * dv/ds; 0 when the reset is left out of the gradient."""
    if dynamics.detach_reset:
        return 0.0
    if dynamics.reset == "soft":
        return c * -dynamics.v_threshold
    return -c * u if dynamics.spike == "binary" else -c * u * s


def _kept(c: Tensor, s: Tensor, dynamics: Dynamics) -> Tensor:
    """c * dv/du."""
    return c if dynamics.reset == "soft" else c * (1 - s.abs())


def _membrane(currents: Tensor, decay: float, dynamics: Dynamics) -> Tensor:
    steps = [_precise(currents[0])]
    for x in currents[1:]:
        u = steps[-1]
        steps.append(after_reset(u, spike(u, dynamics), dynamics).mul_(decay).add_(x))
    return torch.stack(steps)


def _precise(x: Tensor) -> Tensor:
    """Float32 for a half-precision tensor; the very same tensor otherwise."""
    return x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
