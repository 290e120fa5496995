"""Small modules that every network shares: normalised input, time repeat, read-out."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from rscore.amplitude import make_amplitude
from rscore.neurons import LIF
from rscore.spec import RunSpec


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


class FlattenTime(nn.Module):
    """Event frames as currents of their own step: [N, T, C, H, W] to [T*N, C, H, W], time-major."""

    def __init__(self, num_timesteps: int) -> None:
        super().__init__()
        self.num_timesteps = num_timesteps

    def forward(self, x: Tensor) -> Tensor:
        """Frames [T*N, C, H, W]."""
        return x.transpose(0, 1).flatten(0, 1)


class Connect(nn.Module):
    """How a SEW block joins its spikes `s` with those of its shortcut `x`, both [T*N, C, H, W].

    add: s + x. and: s * x. iand: (1 - s) * x.

    Source: Fang et al., Deep Residual Learning in Spiking Neural Networks, NeurIPS 2021
    (arXiv 2102.04159), table 1.
    """

    def __init__(self, kind: Literal["add", "and", "iand"]) -> None:
        super().__init__()
        self.kind = kind

    def forward(self, s: Tensor, x: Tensor) -> Tensor:
        """The joined spikes."""
        if self.kind == "add":
            return s + x
        return s * x if self.kind == "and" else (1 - s) * x


def make_neuron(spec: RunSpec, channels: int) -> LIF:
    """The neuron layer that a spec asks for, behind currents of so many channels."""
    del channels  # a normalised membrane needs it
    return LIF(
        num_timesteps=spec.num_timesteps,
        decay=spec.decay,
        v_threshold=spec.v_threshold,
        surrogate=spec.surrogate,
        surrogate_width=spec.surrogate_width,
        reset=spec.reset,
        detach_reset=spec.detach_reset,
        learn_decay=spec.learn_decay,
        spike=spec.spike,
    )


def spike_layer(spec: RunSpec, shape: tuple[int, ...]) -> nn.Sequential:
    """Neuron and amplitude behind currents of one sample's `shape`, (C, H, W) or (C,)."""
    return nn.Sequential(make_neuron(spec, shape[0]), make_amplitude(spec, shape))
