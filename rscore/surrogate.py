"""Surrogate gradients: stand-ins for the derivative of the spike, which is zero or infinite.

Each is a function of (u - v_threshold, width): even, with area 1 and peak 1 / width, so that one
width means the same steepness in all of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType

import torch
from torch import Tensor

from rscore.spec import SurrogateName

Surrogate = Callable[[Tensor, float], Tensor]
"""(distance u - v_threshold of any shape, width > 0) to the derivative, of the same shape."""


def rectangle(distance: Tensor, width: float) -> Tensor:
    """1 / width if |u - v_threshold| < width / 2 else 0.

    Source: Guo et al., Real Spike, ECCV 2022 (arXiv 2210.06686); Wu et al., STBP, 2018
    (arXiv 1706.02609).
    """
    return (distance.abs() < width / 2).to(distance.dtype) / width


def triangle(distance: Tensor, width: float) -> Tensor:
    """max(0, 1 - |u - v_threshold| / width) / width.

    Source: Esser et al., Convolutional networks for fast, energy-efficient neuromorphic computing,
    2016 (arXiv 1603.08270).
    """
    return (1 - distance.abs() / width).clamp(min=0) / width


def sigmoid(distance: Tensor, width: float) -> Tensor:
    """k p (1 - p) with p = 1 / (1 + exp(-k (u - v_threshold))) and k = 4 / width.

    Source: Neftci et al., Surrogate Gradient Learning in SNNs, 2019 (arXiv 1901.09948).
    """
    steepness = 4 / width
    share = torch.sigmoid(distance * steepness)
    return steepness * share * (1 - share)


def atan(distance: Tensor, width: float) -> Tensor:
    """1 / (width (1 + (pi (u - v_threshold) / width)^2)).

    Source: Fang et al., Incorporating Learnable Membrane Time Constant, ICCV 2021
    (arXiv 2007.05785).
    """
    return 1 / (width * (1 + (distance * (math.pi / width)).square()))


def fast_sigmoid(distance: Tensor, width: float) -> Tensor:
    """1 / (width (1 + 2 |u - v_threshold| / width)^2).

    Source: Zenke, Ganguli, SuperSpike, 2018 (arXiv 1705.11146).
    """
    return 1 / (width * (1 + distance.abs() * (2 / width)).square())


def tanh(distance: Tensor, width: float) -> Tensor:
    """k (1 - tanh(k (u - v_threshold))^2) / 2 with k = 2 / width.

    The same curve as `sigmoid` of this width, since (1 - tanh(y)^2) / 4 = p (1 - p) at 2 y.

    Source: Guo et al., IM-Loss, NeurIPS 2022, where k grows over the training; here it is fixed.
    """
    steepness = 2 / width
    return (1 - torch.tanh(distance * steepness).square()) * (steepness / 2)


SURROGATES: Mapping[SurrogateName, Surrogate] = MappingProxyType(
    {
        "rectangle": rectangle,
        "triangle": triangle,
        "sigmoid": sigmoid,
        "atan": atan,
        "fast-sigmoid": fast_sigmoid,
        "tanh": tanh,
    }
)
"""Every surrogate by its name in a run specification."""
