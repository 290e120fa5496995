"""cifarnet and vgg16: convolutions one after the other, with pools between them."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from rscore.networks.layers import Pooled, conv_bn, encode, global_readout, spike_layer
from rscore.spec import RunSpec

Plan = Sequence[Sequence[int]]
"""Channels of every convolution, stage by stage, as multiples of the first width / 4."""

CIFARNET: Plan = ((4, 8, 8), (16, 16), (8,))
VGG16: Plan = ((4, 4), (8, 8), (16, 16, 16), (32, 32, 32), (32, 32, 32))


class Chain(nn.Module):
    """Stages of conv-BN-LIF, each ended by a 2x2 pool but the last; then a global average pool.

    Samples [N, C, S, S] in [0, 1] (or [N, T, C, S, S]) to logits [N, K]; S >= 16.
    """

    def __init__(self, spec: RunSpec, normalize: nn.Module, plan: Plan) -> None:
        super().__init__()
        channels = [[spec.first_width * part // 4 or 1 for part in stage] for stage in plan]
        inputs, size = channels[0][0], spec.size
        self.encode = encode(spec, normalize, conv_bn(spec.data.channels, inputs))
        stages: list[nn.Module] = []
        for number, stage in enumerate(channels):
            layers: list[nn.Module] = []
            for index, outputs in enumerate(stage):
                if number or index:
                    layers += conv_bn(inputs, outputs)
                inputs = outputs
                ends = index + 1 == len(stage) and number + 1 < len(channels)
                shape = (outputs, size, size)
                layers += Pooled(spec, shape) if ends else spike_layer(spec, shape)
            size //= 2
            stages.append(nn.Sequential(*layers))
        self.body = nn.Sequential(*stages)
        self.stages = tuple(f"body.{number}" for number in range(len(stages)))
        self.readout = global_readout(spec, inputs)

    def forward(self, x: Tensor) -> Tensor:
        """Logits [N, K]."""
        logits: Tensor = self.readout(self.body(self.encode(x)))
        return logits


def cifarnet(spec: RunSpec, normalize: nn.Module) -> Chain:
    """CIFARNet: 128-256-256-pool-512-512-pool-256 and a linear read-out at width 128.

    The convolutions are those of Wu et al., Direct Training for Spiking Neural Networks, AAAI 2019
    (arXiv 1809.05793), pools after the third and the fifth; their two hidden linear layers are
    replaced by a global average pool, so that any input size fits.
    """
    return Chain(spec, normalize, CIFARNET)


def vgg16(spec: RunSpec, normalize: nn.Module) -> Chain:
    """VGG-16: thirteen convolutions 64 to 512 at width 64, four pools, and a linear read-out.

    Source: Simonyan, Zisserman, 2014 (arXiv 1409.1556), in the CIFAR form without hidden linear
    layers; the last pool is the global average, so that any size from 16 on fits.
    """
    return Chain(spec, normalize, VGG16)
