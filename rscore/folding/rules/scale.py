"""Amplitudes: whatever scales spikes is owed, and paid by the synapse that consumes them."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor
from torch.nn import functional as F

from rscore.amplitude import Amplitude
from rscore.folding.rules.step import Step
from rscore.folding.values import Analog, Spikes, Streams, Window, spikes_of, summed


def amplitude(step: Step) -> Spikes | Streams:
    """o = a . s: nothing is computed; whoever consumes the spikes takes `a` into its weights."""
    module, source = step.module, step.input
    if not isinstance(module, Amplitude):
        step.refuse("not an amplitude")
    if isinstance(source, Analog):
        step.refuse("an amplitude must scale spikes, but currents enter it")
    return scaled(step, source, module.effective().detach())


def scaled(step: Step, source: Spikes | Streams, factor: Tensor) -> Spikes | Streams:
    """factor . (Σ a_k . s_k) = Σ (factor . a_k) . s_k.

    Args:
        factor: broadcasts against one sample, [C, H, W] or [F].
    """
    owed = per_sample(step, factor, step.output_shape)
    return summed([_scaled(step, part, owed) for part in spikes_of(source)])


def per_sample(step: Step, value: Tensor, shape: tuple[int, ...]) -> Tensor:
    """A constant as one that broadcasts against one sample, with as many dimensions."""
    if value.dim() > len(shape) and value.shape[0] == 1:
        value = value[0]
    if value.dim() < len(shape):
        value = value.reshape(*(1,) * (len(shape) - value.dim()), *value.shape)
    fits = value.dim() == len(shape) and all(
        one in (1, size) for one, size in zip(value.shape, shape, strict=True)
    )
    if not fits:
        step.refuse(f"its scale {tuple(value.shape)} does not fit one sample of shape {shape}")
    return value


def _scaled(step: Step, part: Spikes, factor: Tensor) -> Spikes:
    if part.pool is not None:
        factor = _before_pool(step, part, part.pool, factor)
    return replace(part, scale=factor if part.scale is None else part.scale * factor)


def _before_pool(step: Step, part: Spikes, pool: Window, factor: Tensor) -> Tensor:
    """What a scale behind a pool is before it: constant in each window."""
    channels, height, width = part.shape
    if part.flat and factor.numel() > 1:
        factor = factor.expand(step.output_shape).reshape(channels, *part.mapped_size)
    elif part.flat:
        factor = factor.view(1, 1, 1)
    if factor[0].numel() == 1:
        return factor
    if not pool.tiles:
        step.refuse("an amplitude of elements cannot pass back through an overlapping pool")
    rows, columns = part.mapped_size
    full = factor.expand(factor.shape[0], rows, columns)
    tiled = full.repeat_interleave(pool.kernel[0], 1).repeat_interleave(pool.kernel[1], 2)
    unseen = (0, width - tiled.shape[2], 0, height - tiled.shape[1])
    before: Tensor = F.pad(tiled, unseen, value=1.0)
    return before.to(torch.float64)
