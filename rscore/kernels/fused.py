"""All steps of a neuron layer, with its surrogate gradient, as one node of the autograd graph."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from rscore.kernels import Dynamics, Scale, neuron_backward, neuron_forward
from rscore.recomputing import recomputable


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
        amplitude: Tensor | None,
        layout: Layout,
        dynamics: Dynamics,
    ) -> Tensor:
        """Spikes [T*N, ...] for currents `x` [T*N, ...]; see fused_spikes for the others."""
        currents, number = layout.flat(x), float(decay)
        ctx.save_for_backward(currents, amplitude)
        ctx.constants = (number, layout, dynamics)
        scale = layout.scale(amplitude)
        return layout.shaped(neuron_forward(currents, number, dynamics, scale))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of the currents, [T*N, ...], of a learned decay, [], and of the amplitude."""
        currents, amplitude = ctx.saved_tensors
        number, layout, dynamics = ctx.constants
        found = neuron_backward(
            layout.flat(grad),
            currents,
            number,
            dynamics,
            layout.scale(amplitude),
            learn_decay=ctx.needs_input_grad[1],
        )
        of_amplitude = None if found.scale is None else layout.unscaled(found.scale, amplitude)
        return layout.shaped(found.currents), found.decay, of_amplitude, None, None


class Layout:
    """The order in which currents [T*N, ...] lie in memory: contiguous or channels-last."""

    def __init__(self, like: Tensor, num_timesteps: int) -> None:
        self._steps = num_timesteps
        self._channels_last = (
            like.dim() == 4
            and not like.is_contiguous()
            and like.is_contiguous(memory_format=torch.channels_last)
        )
        self._shape = self._in_memory(like).shape

    def flat(self, x: Tensor) -> Tensor:
        """[T, M] for [T*N, ...], contiguous; a view unless `x` lies otherwise in memory."""
        return self._in_memory(x).reshape(self._steps, -1).contiguous()

    def shaped(self, x: Tensor) -> Tensor:
        """[T*N, ...] for [T, M], a view."""
        maps = x.view(self._shape)
        return maps.permute(0, 3, 1, 2) if self._channels_last else maps

    def scale(self, amplitude: Tensor | None) -> Scale | None:
        """An amplitude that broadcasts against one sample, in memory order."""
        if amplitude is None:
            return None
        laid = self._in_memory(amplitude[None])[0]
        run = 1
        for length, shared in zip(reversed(self._shape[1:]), reversed(laid.shape), strict=True):
            if shared != 1:
                break
            run *= length
        return Scale(laid.flatten(), run)

    def unscaled(self, values: Tensor, amplitude: Tensor) -> Tensor:
        """The reverse of `scale`: its values in the shape of `amplitude`."""
        laid = values.view(self._in_memory(amplitude[None]).shape)
        return (laid.permute(0, 3, 1, 2) if self._channels_last else laid)[0].to(amplitude.dtype)

    def _in_memory(self, x: Tensor) -> Tensor:
        return x.permute(0, 2, 3, 1) if self._channels_last else x


def fused_spikes(
    x: Tensor,
    *,
    num_timesteps: int,
    decay: Tensor | float,
    dynamics: Dynamics,
    amplitude: Tensor | None = None,
) -> Tensor:
    """Spikes of currents, in their shape and memory layout, as one node of the graph.

    Args:
        x: currents [T*N, ...], contiguous or channels-last (else they are copied).
        num_timesteps: T.
        decay: a number, or a tensor [] to be trained.
        dynamics: the layer's constants.
        amplitude: of one sample's neurons: one number, [C, 1, 1] or [C], or all of them.
    """
    layout = Layout(x, num_timesteps)
    spikes: Tensor = FusedNeuron.apply(  # type: ignore[no-untyped-call]
        x, decay, amplitude, layout, dynamics
    )
    if not spikes.requires_grad:
        return spikes
    held, factor = x.detach(), None if amplitude is None else amplitude.detach()
    carried = decay.detach() if isinstance(decay, Tensor) else decay

    def again() -> Tensor:
        currents, scale = layout.flat(held), layout.scale(factor)
        return layout.shaped(neuron_forward(currents, float(carried), dynamics, scale))

    return recomputable(spikes, again)
