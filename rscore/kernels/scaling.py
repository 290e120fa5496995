"""The product of spikes with their amplitude, in plain torch and in C++ where it serves."""

from __future__ import annotations

import torch
from torch import Tensor

from rscore.kernels import cpu


def amplitude_forward(spikes: Tensor, amplitude: Tensor) -> tuple[Tensor, Tensor]:
    """a * s, [B, ...] with the dtype of the spikes, and the spikes as int8.

    Args:
        spikes: [B, C, H, W] or [B, C], values -1, 0, 1.
        amplitude: broadcasts against one sample.
    """
    shape = _memory_shape(spikes, amplitude)
    if shape is None:
        return spikes * amplitude.to(spikes.dtype), spikes.to(torch.int8)
    return cpu.amplitude_forward(spikes, _in_order(amplitude, spikes), shape)


def amplitude_backward(grad: Tensor, kept: Tensor, amplitude: Tensor) -> tuple[Tensor, Tensor]:
    """Gradients of the spikes [B, ...] and of the amplitude, its own shape.

    Args:
        grad: of a * s, [B, ...].
        kept: the spikes as int8, [B, ...].
        amplitude: as in amplitude_forward.
    """
    laid = grad if grad.stride() == kept.stride() else torch.empty_like(kept, dtype=grad.dtype)
    if laid is not grad:
        laid.copy_(grad)
    shape = _memory_shape(laid, amplitude)
    if shape is None:
        product = laid.to(amplitude.dtype) * kept
        return laid * amplitude.to(grad.dtype), product.sum_to_size(amplitude.shape)
    grad_spikes, sums = cpu.amplitude_backward(laid, kept, _in_order(amplitude, laid), shape)
    return grad_spikes, _as_shaped(sums, amplitude, laid)


def _memory_shape(values: Tensor, amplitude: Tensor) -> tuple[int, int, int] | None:
    """(rows, period, run) of the amplitude's index in memory order, or None: torch does it."""
    single = values.dtype == amplitude.dtype == torch.float32
    if not single or values.numel() == 0 or not cpu.available(values.device):
        return None
    last = _channels_last(values)
    if not (last or values.is_contiguous()):
        return None
    sample, total, period = values[0].numel(), values.numel(), amplitude.numel()
    if period == 1 or period == sample:
        run = sample // period
    elif period == values.shape[1]:
        run = 1 if last else sample // period
    else:
        return None
    return total // (period * run), period, run


def _channels_last(values: Tensor) -> bool:
    """True where a map's channels are neighbours in memory, and not its columns."""
    return (
        values.dim() == 4
        and values.is_contiguous(memory_format=torch.channels_last)
        and not values.is_contiguous()
    )


def _in_order(amplitude: Tensor, values: Tensor) -> Tensor:
    """The amplitude's numbers in the memory order of `values`, contiguous."""
    if amplitude.dim() == 3 and _channels_last(values):
        return amplitude.permute(1, 2, 0).contiguous()
    return amplitude.contiguous()


def _as_shaped(sums: Tensor, amplitude: Tensor, values: Tensor) -> Tensor:
    """The reverse of _in_order."""
    if amplitude.dim() == 3 and _channels_last(values):
        channels, height, width = amplitude.shape
        return sums.view(height, width, channels).permute(2, 0, 1).contiguous()
    return sums.view(amplitude.shape)
