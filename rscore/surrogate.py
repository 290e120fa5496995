"""Surrogate gradients: stand-ins for the derivative of the spike, which is zero or infinite."""

from __future__ import annotations

from torch import Tensor


def rectangle(distance: Tensor, width: float) -> Tensor:
    """Rectangle window, ds/du = 1/width if |u - v_threshold| < width/2 else 0.

    Args:
        distance: u - v_threshold, any shape.
        width: full width of the window, > 0.

    Returns:
        The stand-in derivative, shape and dtype of `distance`.

    Source: Guo et al., Real Spike, ECCV 2022 (arXiv 2210.06686); Wu et al., STBP, 2018.
    """
    return (distance.abs() < width / 2).to(distance.dtype) / width
