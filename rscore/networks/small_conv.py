"""small-conv: two convolution stages and a linear read-out, for small grey or colour images."""

from __future__ import annotations

from torch import Tensor, nn

from rscore.networks.layers import Pooled, TimeMean, conv_bn, encode
from rscore.spec import RunSpec


class SmallConv(nn.Module):
    """conv-BN-LIF-pool, conv-BN-LIF-pool, linear, mean over T.

    Samples [N, C, S, S] in [0, 1] (or [N, T, C, S, S]) to logits [N, K]; S >= 4.
    """

    stages = ("stage1", "stage2")

    def __init__(self, spec: RunSpec, normalize: nn.Module) -> None:
        super().__init__()
        width, size = spec.first_width, spec.size
        half, quarter = size // 2, size // 4
        self.encode = encode(spec, normalize, conv_bn(spec.data.channels, width))
        self.stage1 = Pooled(spec, (width, size, size))
        self.stage2 = nn.Sequential(
            *conv_bn(width, 2 * width), *Pooled(spec, (2 * width, half, half))
        )
        self.readout = nn.Sequential(
            nn.Flatten(),
            nn.Linear(2 * width * quarter * quarter, len(spec.data.classes)),
            TimeMean(spec.num_timesteps),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Logits [N, K]."""
        logits: Tensor = self.readout(self.stage2(self.stage1(self.encode(x))))
        return logits
