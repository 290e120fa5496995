"""Neuron and amplitude: the neuron emits spikes, the amplitude becomes a debt to fold."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from rscore.amplitude import Amplitude
from rscore.folding.ops import LIFOp, ThresholdLIFOp
from rscore.folding.rules.step import Step
from rscore.folding.values import Analog, Spikes, Streams, spikes_of, summed
from rscore.membrane_norm import MembraneNormLIF
from rscore.neurons import LIF


def lif(step: Step) -> Spikes:
    """u[t] = decay . v[t-1] + x[t], kept as it is."""
    module, current = step.module, step.current()
    if not isinstance(module, LIF):
        step.refuse("not a LIF neuron")
    op = LIFOp(
        num_timesteps=module.num_timesteps,
        decay=module.decay_value(),
        v_threshold=module.v_threshold,
        reset=module.dynamics.reset,
        spike=module.dynamics.spike,
    )
    return Spikes(step.builder.add(step.name, op, current.node), step.output_shape)


def membrane_norm_lif(step: Step) -> Spikes:
    """The normalised membrane's threshold becomes one of the raw membrane, per channel.

    BN(u) = gamma (u - mean) / sqrt(var + eps) + beta >= V is, with
    theta = mean + (V - beta) sqrt(var + eps) / gamma,  u >= theta for gamma > 0 and u <= theta for
    gamma < 0. With gamma = 0 the neuron fires always (beta >= V) or never.

    Source: Guo et al., Membrane Potential Batch Normalization, ICCV 2023 (arXiv 2308.08359).
    """
    module, current = step.module, step.current()
    if not isinstance(module, MembraneNormLIF):
        step.refuse("not a neuron with a normalised membrane")
    norm = module.norm
    if norm.num_batches_tracked is not None and int(norm.num_batches_tracked) == 0:
        step.refuse("its running statistics were never populated; train before folding")
    if norm.running_mean is None or norm.running_var is None:
        step.refuse("its normalisation has no running statistics (track_running_stats=False)")
    gamma, beta = norm.weight.detach(), norm.bias.detach()
    distance = (module.v_threshold - beta) * torch.sqrt(norm.running_var + norm.eps)
    theta = norm.running_mean + distance / gamma
    constant = torch.where(beta >= module.v_threshold, -torch.inf, torch.inf)
    theta = torch.where(gamma == 0, constant.to(theta.dtype), theta)
    op = ThresholdLIFOp(
        num_timesteps=module.num_timesteps,
        decay=module.decay_value(),
        threshold=_per_channel(theta, step.output_shape),
        below=_per_channel((gamma < 0).to(theta.dtype), step.output_shape),
    )
    return Spikes(step.builder.add(step.name, op, current.node), step.output_shape)


def _per_channel(values: Tensor, shape: tuple[int, ...]) -> Tensor:
    return values.view(-1, *(1,) * (len(shape) - 1))


def amplitude(step: Step) -> Spikes | Streams:
    """o = a . s: nothing is computed; whoever consumes the spikes takes `a` into its weights."""
    module, source = step.module, step.input
    if not isinstance(module, Amplitude):
        step.refuse("not an amplitude")
    if isinstance(source, Analog):
        step.refuse("an amplitude must scale spikes, but currents enter it")
    value = module.effective().detach()
    parts: list[Spikes] = []
    for part in spikes_of(source):
        if part.pool is not None or part.flat:
            step.refuse("an amplitude must scale the spikes of a neuron, pooled at most by a max")
        parts.append(replace(part, scale=value if part.scale is None else part.scale * value))
    return summed(parts)
