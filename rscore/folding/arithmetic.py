"""Pure tensor arithmetic of folding: scales and BatchNorm into weights, unshared kernels."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

Pair = tuple[int, int]


def scale_conv(weight: Tensor, scale: Tensor, groups: int) -> Tensor:
    """W . diag(a): a per-channel (or single) scale moves into a convolution's kernel.

    Args:
        weight: [O, C/groups, kh, kw].
        scale: [C, 1, 1] or [1, 1, 1].
        groups: groups of the convolution.

    Returns:
        The folded kernel, shape of `weight`. Exact: K * (a . s) = (K . diag(a)) * s, and zero
        padding is harmless because a . 0 = 0.
    """
    channels = weight.shape[1] * groups
    by_group = scale.expand(channels, 1, 1).reshape(groups, 1, weight.shape[1], 1, 1)
    grouped: Tensor = weight.unflatten(0, (groups, -1))
    return (grouped * by_group).flatten(0, 1)


def fold_batchnorm(
    *,
    weight: Tensor,
    bias: Tensor | None,
    mean: Tensor,
    var: Tensor,
    eps: float,
    gamma: Tensor | None,
    beta: Tensor | None,
) -> tuple[Tensor, Tensor]:
    """BatchNorm in eval mode behind a convolution or a linear layer, folded into it.

    W' = gamma / sqrt(var + eps) . W,   b' = beta + (b - mean) . gamma / sqrt(var + eps)

    Args:
        weight: [O, ...].
        bias, mean, var, gamma, beta: [O]; a missing bias is 0, gamma 1, beta 0.
        eps: BatchNorm's epsilon; forgetting it flips spikes.

    Returns:
        (W', b').
    """
    factor = torch.rsqrt(var + eps)
    if gamma is not None:
        factor = factor * gamma
    shifted = -mean if bias is None else bias - mean
    folded_bias = shifted * factor
    if beta is not None:
        folded_bias = folded_bias + beta
    return weight * factor.view(-1, *(1,) * (weight.dim() - 1)), folded_bias


def membrane_threshold(
    *,
    v_threshold: float,
    mean: Tensor,
    var: Tensor,
    eps: float,
    gamma: Tensor | None,
    beta: Tensor | None,
) -> tuple[Tensor, Tensor]:
    """BatchNorm of a membrane in eval mode, folded into the threshold that it meets.

    BN(u) = gamma (u - mean) / sqrt(var + eps) + beta >= V is, with

        theta = mean + (V - beta) sqrt(var + eps) / gamma,

    u >= theta for gamma > 0 and u <= theta for gamma < 0, equality included in both. With
    gamma = 0 the neuron always fires (beta >= V) or never does. In floating point the two sides
    may differ only where BN(u) and V agree to within rounding.

    Args:
        v_threshold: V.
        mean, var, gamma, beta: [C]; a missing gamma is 1, a missing beta 0.
        eps: BatchNorm's epsilon.

    Returns:
        (theta [C] with -inf for always and inf for never, mask [C] of 1 where u <= theta fires).

    Source: Guo et al., Membrane Potential Batch Normalization, ICCV 2023 (arXiv 2308.08359).
    """
    slope = torch.ones_like(mean) if gamma is None else gamma
    distance = v_threshold - (torch.zeros_like(mean) if beta is None else beta)
    theta = mean + distance * torch.sqrt(var + eps) / slope
    constant = torch.full_like(mean, torch.inf).where(distance > 0, -torch.inf)
    return theta.where(slope != 0, constant), (slope < 0).to(mean.dtype)


def pooled_kernel(weight: Tensor, window: Pair, stride: Pair) -> Tensor:
    """One kernel for an average pool followed by a convolution with stride 1 over its output.

    Args:
        weight: [O, C, kh, kw].
        window, stride: of the pool.

    Returns:
        [O, C, (kh - 1) * stride + window, ...]: every tap spread evenly over its window.
    """
    outputs, channels, height, width = weight.shape
    taps = weight.reshape(outputs * channels, 1, height, width)
    spread: Tensor = _spread(taps, window, stride).unflatten(0, (outputs, channels))
    return spread.squeeze(2)


def pooled_linear(
    weight: Tensor, shape: tuple[int, int, int], window: Pair, stride: Pair
) -> Tensor:
    """A linear layer behind a flattened average pool, grown to see every element before it.

    Args:
        weight: [O, C*H'*W'].
        shape: (C, H, W) before the pool; rows and columns that no window covers get weight 0.
        window, stride: of the pool.

    Returns:
        [O, C*H*W].
    """
    channels, height, width = shape
    rows, columns = pooled_size((height, width), window, stride)
    taps = weight.reshape(-1, 1, rows, columns)
    spread = _spread(taps, window, stride)
    padded = F.pad(spread, (0, width - spread.shape[3], 0, height - spread.shape[2]))
    return padded.reshape(-1, channels * height * width)


def pooled_size(size: Pair, window: Pair, stride: Pair) -> Pair:
    """Rows and columns behind a pool without padding."""
    return (size[0] - window[0]) // stride[0] + 1, (size[1] - window[1]) // stride[1] + 1


def _spread(taps: Tensor, window: Pair, stride: Pair) -> Tensor:
    mean = taps.new_full((1, 1, *window), 1 / (window[0] * window[1]))
    return F.conv_transpose2d(taps, mean, stride=stride)


def unshared_kernel(
    weight: Tensor,
    amplitude: Tensor,
    *,
    stride: Pair,
    padding: Pair,
    dilation: Pair = (1, 1),
    groups: int = 1,
    positions: slice = slice(None),
) -> Tensor:
    """Element-wise scale in a convolution: one kernel per output position.

    W'[p, o, (c, d)] = W[o, c, d] . a[c, p * stride + d * dilation - padding]

    Args:
        weight: [O, C/groups, kh, kw].
        amplitude: [C, H, W].
        stride, padding, dilation, groups: of the convolution.
        positions: which output positions, in row order.

    Returns:
        [P, O, C/groups*kh*kw] with P output positions.
    """
    kernel = (weight.shape[2], weight.shape[3])
    windows = F.unfold(amplitude[None], kernel, dilation=dilation, padding=padding, stride=stride)[
        0, :, positions
    ]
    by_group = windows.t().unflatten(1, (groups, 1, -1))
    kernels: Tensor = by_group * weight.flatten(1).unflatten(0, (groups, -1))
    return kernels.flatten(1, 2)
