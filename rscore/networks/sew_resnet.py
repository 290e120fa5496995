"""sew-resnet18, 34 and 50: residual networks that join spikes element by element (SEW)."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from rscore.amplitude import make_amplitude
from rscore.networks.layers import (
    Connect,
    conv_bn,
    encode,
    global_readout,
    make_neuron,
    spike_layer,
    strided,
)
from rscore.spec import RunSpec

LARGE_SIZE = 64
"""From this side on the stem halves the map twice, as for ImageNet."""
EXPANSION = 4
"""A bottleneck's outputs over its inner channels."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Blocks in each of the four stages, and whether they are bottlenecks."""

    blocks: tuple[int, int, int, int]
    bottleneck: bool = False


PLANS = {
    "sew-resnet18": Plan((2, 2, 2, 2)),
    "sew-resnet34": Plan((3, 4, 6, 3)),
    "sew-resnet50": Plan((3, 4, 6, 3), bottleneck=True),
}


class SEWBlock(nn.Module):
    """connect(spikes of the convolutions, spikes of the shortcut).

    With ADD each neuron has its own amplitude, and what leaves the block is a sum of differently
    scaled spikes. With AND and IAND the joined spikes are binary and the amplitude stands behind
    them: over separately scaled spikes each IAND would double the number of folded kernels.
    [T*N, C, H, W] to [T*N, C', H/stride, W/stride].
    """

    def __init__(
        self, spec: RunSpec, inputs: int, outputs: int, *, inner: int, size: int, stride: int
    ) -> None:
        super().__init__()
        after = strided(size, stride)
        added = spec.sew_connect == "add"
        self.residual = _residual(spec, inputs, outputs, inner=inner, size=size, stride=stride)
        self.spike = _joined_spikes(spec, outputs, after)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or inputs != outputs:
            current = conv_bn(inputs, outputs, kernel=1, stride=stride)
            self.shortcut = nn.Sequential(*current, _joined_spikes(spec, outputs, after))
        self.connect = Connect(spec.sew_connect)
        shape = (outputs, after, after)
        self.amplitude = nn.Identity() if added else make_amplitude(spec, shape)

    def forward(self, x: Tensor) -> Tensor:
        """Joined real-valued spikes of the block."""
        joined: Tensor = self.connect(self.spike(self.residual(x)), self.shortcut(x))
        scaled: Tensor = self.amplitude(joined)
        return scaled


def _joined_spikes(spec: RunSpec, channels: int, size: int) -> nn.Module:
    """Spikes that enter a Connect: with their own amplitude only where they are added."""
    if spec.sew_connect == "add":
        return spike_layer(spec, (channels, size, size))
    return make_neuron(spec, channels)


def _residual(
    spec: RunSpec, inputs: int, outputs: int, *, inner: int, size: int, stride: int
) -> nn.Sequential:
    """Currents of a block's last neuron: 3x3, 3x3, or as a bottleneck 1x1, 3x3, 1x1."""
    after = strided(size, stride)
    if inner == outputs:
        layers = [*conv_bn(inputs, inner, stride=stride), spike_layer(spec, (inner, after, after))]
        return nn.Sequential(*layers, *conv_bn(inner, outputs))
    return nn.Sequential(
        *conv_bn(inputs, inner, kernel=1),
        spike_layer(spec, (inner, size, size)),
        *conv_bn(inner, inner, stride=stride),
        spike_layer(spec, (inner, after, after)),
        *conv_bn(inner, outputs, kernel=1),
    )


class SEWResNet(nn.Module):
    """SEW-ResNet: stem, four stages 64 to 512 (times 4 with bottlenecks), global pool, linear.

    From 64x64 on the stem is ImageNet's: 7x7 with stride 2 and a 3x3 max pool with stride 2, the
    amplitude behind the pool, so that element-wise ones fold as well. Below, it is one 3x3
    convolution. Samples [N, C, S, S] in [0, 1] (or [N, T, C, S, S]) to logits [N, K]; S >= 16.

    Source: Fang et al., Deep Residual Learning in Spiking Neural Networks, NeurIPS 2021
    (arXiv 2102.04159).
    """

    def __init__(self, spec: RunSpec, normalize: nn.Module) -> None:
        super().__init__()
        plan, inputs, size = PLANS[spec.network], spec.first_width, spec.size
        if size >= LARGE_SIZE:
            self.encode = encode(spec, normalize, conv_bn(spec.data.channels, inputs, 7, stride=2))
            size = strided(strided(size, 2), 2)
            self.stem = nn.Sequential(
                make_neuron(spec, inputs),
                nn.MaxPool2d(3, 2, 1),
                make_amplitude(spec, (inputs, size, size)),
            )
        else:
            self.encode = encode(spec, normalize, conv_bn(spec.data.channels, inputs))
            self.stem = spike_layer(spec, (inputs, size, size))
        stages: list[nn.Module] = []
        for number, count in enumerate(plan.blocks):
            inner = spec.first_width * 2**number
            outputs = inner * EXPANSION if plan.bottleneck else inner
            blocks: list[nn.Module] = []
            for index in range(count):
                stride = 2 if number > 0 and index == 0 else 1
                blocks.append(
                    SEWBlock(spec, inputs, outputs, inner=inner, size=size, stride=stride)
                )
                inputs, size = outputs, strided(size, stride)
            stages.append(nn.Sequential(*blocks))
        self.body = nn.Sequential(*stages)
        self.stages = tuple(f"body.{number}" for number in range(len(stages)))
        self.readout = global_readout(spec, inputs)

    def forward(self, x: Tensor) -> Tensor:
        """Logits [N, K]."""
        logits: Tensor = self.readout(self.body(self.stem(self.encode(x))))
        return logits
