"""small-conv: two convolution stages and a linear read-out, for small grey or colour images."""

from __future__ import annotations

from torch import Tensor, nn

from rscore.amplitude import make_amplitude
from rscore.networks.layers import Normalize, RepeatTime, TimeMean, make_neuron
from rscore.spec import RunSpec


def _stage(spec: RunSpec, shape: tuple[int, int, int]) -> list[nn.Module]:
    """Neuron, amplitude and pooling behind currents of one sample's `shape` (C, H, W).

    A max over spikes commutes with an element-wise amplitude only after the pool, so with max
    pooling the amplitude stands behind it.
    """
    channels, height, width = shape
    neuron = make_neuron(spec, channels)
    if spec.pooling == "max":
        pooled = (channels, height // 2, width // 2)
        return [neuron, nn.MaxPool2d(2), make_amplitude(spec, pooled)]
    return [neuron, make_amplitude(spec, shape), nn.AvgPool2d(2)]


class SmallConv(nn.Module):
    """conv-BN-LIF-pool, conv-BN-LIF-pool, linear, mean over T.

    Images [N, C, S, S] in [0, 1] to logits [N, K]; S is divisible by 4.
    """

    def __init__(self, spec: RunSpec, normalize: Normalize) -> None:
        super().__init__()
        data, width, size = spec.data, spec.first_width, spec.size
        half, quarter = size // 2, size // 4
        self.encode = nn.Sequential(
            normalize,
            nn.Conv2d(data.channels, width, 3, padding=1, bias=False),
            nn.BatchNorm2d(width),
            RepeatTime(spec.num_timesteps),
        )
        self.stage1 = nn.Sequential(*_stage(spec, (width, size, size)))
        self.stage2 = nn.Sequential(
            nn.Conv2d(width, 2 * width, 3, padding=1, bias=False),
            nn.BatchNorm2d(2 * width),
            *_stage(spec, (2 * width, half, half)),
        )
        self.readout = nn.Sequential(
            nn.Flatten(),
            nn.Linear(2 * width * quarter * quarter, len(data.classes)),
            TimeMean(spec.num_timesteps),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Logits [N, K] of images [N, C, S, S]."""
        logits: Tensor = self.readout(self.stage2(self.stage1(self.encode(x))))
        return logits
