"""Random small networks: chains, shortcuts, SEW blocks, pools and concatenations of any layers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor, nn

from rscore.amplitude import Amplitude
from rscore.membrane_norm import MembraneNormLIF
from rscore.networks.layers import Connect, FlattenTime, Normalize, RepeatTime, TimeMean
from rscore.neurons import LIF
from tests.support.networks import enliven

Draw = Callable[[st.SearchStrategy[Any]], Any]
SIDES = st.sampled_from([1, 2, 3])


class Shortcut(nn.Module):
    """x joined with what some layers make of x."""

    def __init__(self, body: nn.Module, join: nn.Module | str) -> None:
        super().__init__()
        self.body = body
        self.join = join if isinstance(join, nn.Module) else None
        self.concatenates = join == "cat"

    def forward(self, x: Tensor) -> Tensor:
        y = self.body(x)
        if self.join is not None:
            return self.join(y, x)
        return torch.cat([x, y], 1) if self.concatenates else y + x


class Random(nn.Module):
    """A network as it was drawn; `stem` ends in the first neuron."""

    def __init__(self, stem: nn.Module, body: nn.Module, head: nn.Module) -> None:
        super().__init__()
        self.stem, self.body, self.head = stem, body, head

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.body(self.stem(x)))


class _Author:
    """Draws layers one after the other and keeps the shape of the map."""

    def __init__(self, draw: Draw) -> None:
        self.draw = draw
        self.steps: int = draw(st.integers(1, 4))
        self.shape = (0, 0, 0)
        self.constants = {
            "num_timesteps": self.steps,
            "v_threshold": draw(st.sampled_from([0.2, 0.5])),
            "detach_reset": draw(st.booleans()),
        }

    def neuron(self) -> nn.Module:
        if self.draw(st.integers(0, 3)) == 0:
            return MembraneNormLIF(self.shape[0], decay=0.5, **self.constants)
        return LIF(
            decay=self.draw(st.sampled_from([0.25, 0.9, 1.0])),
            reset=self.draw(st.sampled_from(["hard", "soft"])),
            spike=self.draw(st.sampled_from(["binary", "binary", "ternary"])),
            **self.constants,
        )

    def amplitude(self) -> nn.Module:
        granularity = self.draw(st.sampled_from(["binary", "layer", "channel", "element"]))
        if granularity == "binary":
            return nn.Identity()
        constraint = self.draw(st.sampled_from(["free", "free", "positive", "power-of-two"]))
        return Amplitude(granularity, self.shape, constraint)

    def spikes(self) -> list[nn.Module]:
        return [self.neuron(), self.amplitude()]

    def conv(self, *, same: bool = False) -> list[nn.Module]:
        inputs, height, width = self.shape
        kernel = (
            (1 + 2 * self.draw(st.integers(0, 1)),) * 2
            if same
            else (
                min(self.draw(SIDES), height),
                min(self.draw(SIDES), width),
            )
        )
        groups = self.draw(st.sampled_from([1, 1, 2, inputs]))
        groups = groups if inputs % groups == 0 else 1
        outputs = inputs if same else groups * self.draw(st.integers(1, 2))
        geometry: dict[str, Any] = {"groups": groups, "bias": self.draw(st.booleans())}
        if same:
            geometry |= {"padding": kernel[0] // 2}
        else:
            geometry |= {"padding": self.draw(st.integers(0, 1)), "stride": self.draw(SIDES)}
            if 2 * (max(kernel) - 1) < min(height, width):
                geometry |= {"dilation": self.draw(st.integers(1, 2))}
        layer = nn.Conv2d(inputs, outputs, kernel, **geometry)
        self._pass(layer)
        return [layer, *([nn.BatchNorm2d(outputs)] if self.draw(st.booleans()) else [])]

    def pool(self) -> nn.Module:
        side = min(self.draw(st.integers(1, 3)), *self.shape[1:])
        stride = self.draw(st.sampled_from([side, side, 1]))
        padding = self.draw(st.sampled_from([0, 0, side // 2]))
        if self.draw(st.booleans()):
            ceil = self.draw(st.booleans())
            layer: nn.Module = nn.MaxPool2d(side, stride, padding, ceil_mode=ceil)
        else:
            layer = nn.AvgPool2d(side, stride, padding)
        self._pass(layer)
        return layer

    def block(self) -> list[nn.Module]:
        kind = self.draw(st.sampled_from(["chain", "pool", "pool", "shortcut", "sew", "cat"]))
        if kind == "pool":
            return [self.pool()]
        if kind == "chain":
            return [*self.conv(), *self.spikes()]
        inner = [*self.conv(same=True), *self.spikes()]
        if kind == "shortcut":
            inner += self.conv(same=True)
            return [Shortcut(nn.Sequential(*inner), "add"), *self.spikes()]
        if kind == "cat":
            self.shape = (2 * self.shape[0], *self.shape[1:])
            return [Shortcut(nn.Sequential(*inner), "cat")]
        join = Connect(self.draw(st.sampled_from(["add", "and", "iand"])))
        return [Shortcut(nn.Sequential(*inner), join), self.amplitude()]

    def head(self) -> nn.Module:
        layers: list[nn.Module] = []
        if self.draw(st.booleans()):
            layers.append(nn.AdaptiveAvgPool2d(1))
            self._pass(layers[0])
        features = self.shape[0] * self.shape[1] * self.shape[2]
        linear = nn.Linear(features, 3, bias=self.draw(st.booleans()))
        return nn.Sequential(*layers, nn.Flatten(), linear, TimeMean(self.steps))

    def _pass(self, layer: nn.Module) -> None:
        _, channels, height, width = layer.eval()(torch.zeros(1, *self.shape)).shape
        self.shape = (channels, height, width)


@st.composite
def networks(draw: Draw) -> tuple[nn.Module, Tensor]:
    """A network in eval mode with populated statistics, and samples for it."""
    author = _Author(draw)
    torch.manual_seed(draw(st.integers(0, 2**16)))
    channels, side = draw(st.integers(1, 2)), draw(st.integers(4, 9))
    events = draw(st.booleans())
    author.shape = (channels, side, side + draw(st.integers(0, 1)))
    samples = torch.rand(3, *((author.steps,) if events else ()), *author.shape)
    first: list[nn.Module] = [FlattenTime(author.steps)] if events else [Normalize((0.4,), (0.3,))]
    first += author.conv()
    first += [] if events else [RepeatTime(author.steps)]
    stem = nn.Sequential(*first, *author.spikes())
    blocks = [layer for _ in range(draw(st.integers(1, 3))) for layer in author.block()]
    network = Random(stem, nn.Sequential(*blocks), author.head())
    enliven(network)
    network.train()
    for _ in range(2):
        network(samples)
    return network.eval(), samples
