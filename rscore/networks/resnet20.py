"""resnet20: post-activation residual network with three stages of three blocks."""

from __future__ import annotations

from torch import Tensor, nn

from rscore.networks.layers import Normalize, RepeatTime, TimeMean, spike_layer
from rscore.spec import RunSpec


class Block(nn.Module):
    """spike(BN(conv(spike(BN(conv(x))))) + shortcut(x)), currents added before the neuron.

    [T*N, C, H, W] to [T*N, C', H/stride, W/stride].
    """

    def __init__(self, spec: RunSpec, inputs: int, shape: tuple[int, int, int], stride: int):
        super().__init__()
        channels = shape[0]
        self.conv1 = nn.Conv2d(inputs, channels, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.spike1 = spike_layer(spec, shape)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or inputs != channels:
            self.shortcut = nn.Sequential(
                nn.Conv2d(inputs, channels, 1, stride, bias=False), nn.BatchNorm2d(channels)
            )
        self.spike2 = spike_layer(spec, shape)

    def forward(self, x: Tensor) -> Tensor:
        """Real-valued spikes of the block."""
        current = self.bn2(self.conv2(self.spike1(self.bn1(self.conv1(x)))))
        spikes: Tensor = self.spike2(current + self.shortcut(x))
        return spikes


class ResNet20(nn.Module):
    """ResNet-20 (He et al. 2016, CIFAR form) with spiking neurons, stages [3, 3, 3].

    Images [N, C, S, S] in [0, 1] to logits [N, K].
    """

    def __init__(self, spec: RunSpec, normalize: Normalize) -> None:
        super().__init__()
        data, width, size = spec.data, spec.first_width, spec.size
        self.encode = nn.Sequential(
            normalize,
            nn.Conv2d(data.channels, width, 3, padding=1, bias=False),
            nn.BatchNorm2d(width),
            RepeatTime(spec.num_timesteps),
        )
        self.spike = spike_layer(spec, (width, size, size))
        blocks: list[nn.Module] = []
        inputs = width
        for stage in range(3):
            channels = width * 2**stage
            for index in range(3):
                stride = 2 if stage > 0 and index == 0 else 1
                size = -(-size // stride)
                blocks.append(Block(spec, inputs, (channels, size, size), stride))
                inputs = channels
        self.blocks = nn.Sequential(*blocks)
        self.readout = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(inputs, len(data.classes)),
            TimeMean(spec.num_timesteps),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Logits [N, K] of images [N, C, S, S]."""
        logits: Tensor = self.readout(self.blocks(self.spike(self.encode(x))))
        return logits
