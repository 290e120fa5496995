"""Small modules that every network shares: normalised input, time repeat, read-out."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Normalize(nn.Module):
    """Pixel values in [0, 1] to zero mean and unit variance per channel; part of the network.

    Input and output [N, C, H, W]. Being inside the network, it travels with every export.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, mean: tuple[float, ...], std: tuple[float, ...]) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean).view(-1, 1, 1))
        self.register_buffer("std", torch.tensor(std).view(-1, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Normalised images, shape of `x`."""
        return (x - self.mean) / self.std


class RepeatTime(nn.Module):
    """Direct encoding: the first current, computed once, is given at each of T steps.

    [N, ...] to [T*N, ...], time-major.
    """

    def __init__(self, num_timesteps: int) -> None:
        super().__init__()
        self.num_timesteps = num_timesteps

    def forward(self, x: Tensor) -> Tensor:
        """Currents [T*N, ...]."""
        return torch.cat([x] * self.num_timesteps)


class TimeMean(nn.Module):
    """Read-out: the mean over T of the last linear layer. [T*N, K] to [N, K]."""

    def __init__(self, num_timesteps: int) -> None:
        super().__init__()
        self.num_timesteps = num_timesteps

    def forward(self, x: Tensor) -> Tensor:
        """Logits [N, K]."""
        steps: Tensor = x.unflatten(0, (self.num_timesteps, -1))
        return steps.mean(0)
