"""The neuron's T steps forward and backward in plain torch: every device, dtype and combination."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from rscore.kernels.dynamics import Dynamics, Scale
from rscore.surrogate import SURROGATES


class Gradients(NamedTuple):
    """Of the currents [T, M], and where asked for of the decay [] and the amplitudes [period]."""

    currents: Tensor
    decay: Tensor | None
    scale: Tensor | None


def forward(
    currents: Tensor, decay: float, dynamics: Dynamics, scale: Scale | None = None
) -> Tensor:
    """Spikes [T, M] of currents [T, M], times `scale`; their dtype. The membrane is float32 or 64.

    Source of the scale: Guo et al., Real Spike, ECCV 2022 (arXiv 2210.06686): o[t] = a s[t].
    """
    result = torch.empty_like(currents)
    amplitude = None if scale is None else scale.of_neurons(currents.shape[1])
    carried: Tensor | None = None
    for x, out in zip(currents.unbind(0), result.unbind(0), strict=True):
        u = precise(x) if carried is None else carried.mul_(decay).add_(x)
        fired = spike(u, dynamics)
        out.copy_(fired if amplitude is None else fired * amplitude)
        carried = after_reset(u, fired, dynamics)
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
    """Gradients of what `forward` was given; `grad` [T, M] is that of its result.

    With g[t] the gradient of s[t] (a times that of o[t]), h[t] that of x[t], v[t] the membrane
    after its reset and c = decay * h[t+1]:  h[t] = (g[t] + c * dv/ds) * ds/du + c * dv/du, where
    only ds/du is the surrogate. That of the decay is the sum of h[t+1] * v[t], that of the
    amplitude the sum of do[t] * s[t]. The membrane is computed again from the currents, so that
    nothing else is kept.
    """
    membrane = _membrane(currents, decay, dynamics)
    amplitude = None if scale is None else scale.of_neurons(currents.shape[1])
    of_amplitude = torch.zeros_like(membrane[0])
    grad_currents = torch.empty_like(currents)
    grad_decay = membrane.new_zeros(())
    later: Tensor | None = None
    for t in reversed(range(len(currents))):
        u, g = membrane[t], precise(grad[t])
        s, slope = spike(u, dynamics), surrogate_slope(u, dynamics)
        if amplitude is not None:
            of_amplitude += g * s
            g = g * amplitude
        if later is None:
            h = g * slope
        else:
            c = later * decay
            if learn_decay:
                grad_decay += (later * after_reset(u, s, dynamics)).sum()
            h = (g + _reset_slope(u, s, c, dynamics)) * slope + _kept(c, s, dynamics)
        grad_currents[t] = h
        later = h
    return Gradients(
        grad_currents,
        grad_decay if learn_decay else None,
        None if scale is None else scale.collected(of_amplitude),
    )


def surrogate_slope(u: Tensor, dynamics: Dynamics) -> Tensor:
    """ds/du of a membrane u, any shape; for ternary spikes the sum over both thresholds."""
    surrogate, width = SURROGATES[dynamics.surrogate], dynamics.surrogate_width
    slope = surrogate(u - dynamics.v_threshold, width)
    if dynamics.spike == "ternary":
        slope = slope + surrogate(u + dynamics.v_threshold, width)
    return slope


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
    steps = [precise(currents[0])]
    for x in currents[1:]:
        u = steps[-1]
        steps.append(after_reset(u, spike(u, dynamics), dynamics).mul_(decay).add_(x))
    return torch.stack(steps)


def precise(x: Tensor) -> Tensor:
    """Float32 for a half-precision tensor; the very same tensor otherwise."""
    return x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
