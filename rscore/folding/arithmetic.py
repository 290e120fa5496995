"""Pure tensor arithmetic of folding: scales and BatchNorm into weights, unshared kernels."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


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


def pooled_kernel(weight: Tensor, pool: int) -> Tensor:
    """One kernel for an average pool (window = stride = `pool`) followed by a convolution.

    Args:
        weight: [O, C, kh, kw].
        pool: side of the pooling window.

    Returns:
        [O, C, kh * pool, kw * pool]: every tap spread evenly over its window.
    """
    spread = weight.repeat_interleave(pool, dim=2).repeat_interleave(pool, dim=3)
    return spread / (pool * pool)


def unshared_kernel(
    weight: Tensor, amplitude: Tensor, *, stride: tuple[int, int], padding: tuple[int, int]
) -> Tensor:
    """Element-wise scale in a convolution: one kernel per output position.

    W'[p, o, (c, d)] = W[o, c, d] . a[c, p * stride + d - padding]

    Args:
        weight: [O, C, kh, kw].
        amplitude: [C, H, W].
        stride, padding: of the convolution.

    Returns:
        [P, O, C*kh*kw] with P output positions in row order.
    """
    kernel = (weight.shape[2], weight.shape[3])
    windows = F.unfold(amplitude[None], kernel, padding=padding, stride=stride)[0]
    return windows.t()[:, None, :] * weight.flatten(1)[None]


def pooled_linear(weight: Tensor, shape: tuple[int, int, int], pool: tuple[int, int]) -> Tensor:
    """A linear layer behind a flattened average pool, grown to see every element before it.

    Args:
        weight: [O, C*H'*W'].
        shape: (C, H, W) before the pool; rows and columns that no window covers get weight 0.
        pool: (kh, kw), window = stride.

    Returns:
        [O, C*H*W].
    """
    channels, height, width = shape
    kh, kw = pool
    rows, columns = height // kh, width // kw
    maps = weight.view(-1, channels, rows, columns)
    spread = maps.repeat_interleave(kh, dim=2).repeat_interleave(kw, dim=3) / (kh * kw)
    padded = F.pad(spread, (0, width - columns * kw, 0, height - rows * kh))
    return padded.flatten(1)
