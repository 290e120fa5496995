"""The skeleton of the deep networks: stem, stages and read-out."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from rscore.networks.layers import encode, global_readout
from rscore.spec import RunSpec


class Staged(nn.Module):
    """First currents, stem, stages one after the other, global average pool, linear, mean over T.

    Samples [N, C, S, S] in [0, 1] (or [N, T, C, S, S]) to logits [N, K]. Linear layers keep torch's
    initial weights; kernels start as in He et al., Delving Deep into Rectifiers, 2015
    (arXiv 1502.01852), by fan-out, as in the public code of SEW-ResNet and of Real Spike's authors.

    Args:
        spec: what to build.
        normalize: statistics of the data, for images.
        first: the convolution and BatchNorm that see the sample.
        stem: first neuron, and what comes before the stages.
        stages: one module each, from spikes to spikes.
        channels: C of the last stage's spikes [T*N, C, H, W].
    """

    def __init__(
        self,
        spec: RunSpec,
        normalize: nn.Module,
        *,
        first: nn.Sequential,
        stem: nn.Module,
        stages: Sequence[nn.Module],
        channels: int,
    ) -> None:
        super().__init__()
        self.encode = encode(spec, normalize, first)
        self.stem = stem
        self.body = nn.Sequential(*stages)
        self.stages = tuple(f"body.{number}" for number in range(len(stages)))
        self.readout = global_readout(spec, channels)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x: Tensor) -> Tensor:
        """Logits [N, K]."""
        logits: Tensor = self.readout(self.body(self.stem(self.encode(x))))
        return logits
