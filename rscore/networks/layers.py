"""What all networks share: encoding, time repeat, convolution with BatchNorm, spikes, read-out."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Literal

import torch
from torch import Tensor, nn

from rscore.amplitude import RealSpike, make_amplitude
from rscore.membrane_norm import MembraneNormLIF
from rscore.neurons import LIF
from rscore.spec import RunSpec

ConnectKind = Literal["add", "and", "iand"]


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


def _iand(s: Tensor, x: Tensor) -> Tensor:
    return (1 - s) * x


_CONNECTIONS: Mapping[ConnectKind, Callable[[Tensor, Tensor], Tensor]] = MappingProxyType(
    {"add": operator.add, "and": operator.mul, "iand": _iand}
)


class Connect(nn.Module):
    """How a SEW block joins its spikes `s` with those of its shortcut `x`, both [T*N, C, H, W].

    add: s + x. and: s * x. iand: (1 - s) * x.

    Source: Fang et al., Deep Residual Learning in Spiking Neural Networks, NeurIPS 2021
    (arXiv 2102.04159), table 1.
    """

    def __init__(self, kind: ConnectKind) -> None:
        super().__init__()
        self.kind = kind
        self._join = _CONNECTIONS[kind]

    def forward(self, s: Tensor, x: Tensor) -> Tensor:
        """The joined spikes."""
        return self._join(s, x)


def make_neuron(spec: RunSpec, channels: int) -> LIF:
    """The neuron layer that a spec asks for, behind currents of so many channels."""
    constants: dict[str, Any] = {
        "num_timesteps": spec.num_timesteps,
        "decay": spec.decay,
        "v_threshold": spec.v_threshold,
        "surrogate": spec.surrogate,
        "surrogate_width": spec.surrogate_width,
        "reset": spec.reset,
        "detach_reset": spec.detach_reset,
        "learn_decay": spec.learn_decay,
        "spike": spec.spike,
    }
    if spec.membrane_norm == "mpbn":
        return MembraneNormLIF(channels, **constants)
    return LIF(**constants)


def spike_layer(spec: RunSpec, shape: tuple[int, ...]) -> nn.Sequential:
    """Neuron and amplitude behind currents of one sample's `shape`, (C, H, W) or (C,)."""
    return RealSpike(make_neuron(spec, shape[0]), make_amplitude(spec, shape))


def conv_bn(inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    """Convolution without bias that keeps the size (over the stride, rounded up), and BatchNorm."""
    conv = nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(outputs))


def encode(spec: RunSpec, normalize: nn.Module, first: nn.Sequential) -> nn.Sequential:
    """The first currents [T*N, C, H, W], by convolution and BatchNorm `first`.

    An image is normalised, its current computed once and given at each step (direct encoding).
    The frames of a recording pass as they are, each at its own step.
    """
    if spec.data.kind == "events":
        return nn.Sequential(FlattenTime(spec.num_timesteps), *first)
    return nn.Sequential(normalize, *first, RepeatTime(spec.num_timesteps))


def global_readout(spec: RunSpec, channels: int) -> nn.Sequential:
    """Global average pool, linear layer and mean over T: [T*N, C, H, W] to logits [N, K]."""
    return nn.Sequential(
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(channels, len(spec.data.classes)),
        TimeMean(spec.num_timesteps),
    )


class Pooled(nn.Sequential):
    """Neuron, amplitude and 2x2 pooling behind currents of one sample's `shape`.

    A max over spikes commutes with an element-wise amplitude only after the pool, so with max
    pooling the amplitude stands behind it. The last row of an odd map is left out.
    """

    def __init__(self, spec: RunSpec, shape: tuple[int, int, int]) -> None:
        channels, height, width = shape
        neuron = make_neuron(spec, channels)
        if spec.pooling == "max":
            pooled = (channels, height // 2, width // 2)
            super().__init__(neuron, nn.MaxPool2d(2), make_amplitude(spec, pooled))
        else:
            super().__init__(neuron, make_amplitude(spec, shape), nn.AvgPool2d(2))
