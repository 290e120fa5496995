"""resnet20, resnet19 and resnet20-modified: post-activation residual networks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor, nn

from rscore.networks.layers import conv_bn, encode, global_readout, spike_layer, strided
from rscore.spec import RunSpec


class Block(nn.Module):
    """spike(BN(conv(spike(BN(conv(x))))) + shortcut(x)), currents added before the neuron.

    [T*N, C, H, W] to [T*N, C', H/stride, W/stride].
    """

    def __init__(self, spec: RunSpec, inputs: int, shape: tuple[int, int, int], stride: int):
        super().__init__()
        channels = shape[0]
        self.conv1 = conv_bn(inputs, channels, stride=stride)
        self.spike1 = spike_layer(spec, shape)
        self.conv2 = conv_bn(channels, channels)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or inputs != channels:
            self.shortcut = conv_bn(inputs, channels, kernel=1, stride=stride)
        self.spike2 = spike_layer(spec, shape)

    def forward(self, x: Tensor) -> Tensor:
        """Real-valued spikes of the block."""
        current = self.conv2(self.spike1(self.conv1(x)))
        spikes: Tensor = self.spike2(current + self.shortcut(x))
        return spikes


@dataclass(frozen=True, slots=True)
class Plan:
    """Blocks in each stage, whose channels double from stage to stage, and stem convolutions."""

    blocks: Sequence[int]
    stem: int = 1


PLANS = {
    "resnet20": Plan((3, 3, 3)),
    "resnet19": Plan((3, 3, 2)),
    "resnet20-modified": Plan((2, 2, 2, 2), stem=3),
}


class ResNet(nn.Module):
    """ResNet with spiking neurons: stem, stages of blocks, global average pool, linear, mean over T.

    resnet20 is the CIFAR form of He et al. 2016 (arXiv 1512.03385), 16-32-64; resnet19 the wide one
    of Zheng et al., AAAI 2021 (arXiv 2011.05280), 128-256-512, without its hidden linear layer;
    resnet20-modified has four stages 64 to 512 behind a stem of three 3x3 convolutions.
    Samples [N, C, S, S] in [0, 1] (or [N, T, C, S, S]) to logits [N, K]; S >= 16.
    """

    def __init__(self, spec: RunSpec, normalize: nn.Module) -> None:
        super().__init__()
        plan = PLANS[spec.network]
        inputs, size = spec.first_width, spec.size
        self.encode = encode(spec, normalize, conv_bn(spec.data.channels, inputs))
        stem: list[nn.Module] = [spike_layer(spec, (inputs, size, size))]
        for _ in range(plan.stem - 1):
            stem += [*conv_bn(inputs, inputs), spike_layer(spec, (inputs, size, size))]
        self.stem = nn.Sequential(*stem)
        stages: list[nn.Module] = []
        for number, count in enumerate(plan.blocks):
            channels = spec.first_width * 2**number
            blocks: list[nn.Module] = []
            for index in range(count):
                stride = 2 if number > 0 and index == 0 else 1
                size = strided(size, stride)
                blocks.append(Block(spec, inputs, (channels, size, size), stride))
                inputs = channels
            stages.append(nn.Sequential(*blocks))
        self.body = nn.Sequential(*stages)
        self.stages = tuple(f"body.{number}" for number in range(len(stages)))
        self.readout = global_readout(spec, inputs)

    def forward(self, x: Tensor) -> Tensor:
        """Logits [N, K]."""
        logits: Tensor = self.readout(self.body(self.stem(self.encode(x))))
        return logits
