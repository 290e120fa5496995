"""The skeleton of the deep networks: stem, stages and read-out, and where residual blocks stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor, nn

from rscore.networks.layers import encode, global_readout, strided
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


@dataclass(frozen=True, slots=True)
class Place:
    """Where a residual block stands: channels in, inside and out, side of its input, stride."""

    inputs: int
    inner: int
    outputs: int
    size: int
    stride: int

    @property
    def after(self) -> int:
        """Side of the block's output."""
        return strided(self.size, self.stride)

    @property
    def shape(self) -> tuple[int, int, int]:
        """One sample's shape behind the block."""
        return (self.outputs, self.after, self.after)

    @property
    def reshapes(self) -> bool:
        """Whether the shortcut needs a convolution, because the block changes the shape."""
        return self.stride != 1 or self.inputs != self.outputs


def residual_places(
    counts: Sequence[int], *, width: int, size: int, expansion: int = 1
) -> list[list[Place]]:
    """The blocks of every stage, behind a stem of `width` channels and side `size`.

    From stage to stage the channels double and the first block halves the side (rounded up).

    Args:
        counts: blocks in each stage.
        width: channels inside the blocks of the first stage.
        size: side of the map that enters the first stage.
        expansion: channels behind a block over those inside.
    """
    inputs, stages = width, []
    for number, count in enumerate(counts):
        inner = width * 2**number
        places: list[Place] = []
        for index in range(count):
            stride = 2 if number > 0 and index == 0 else 1
            places.append(Place(inputs, inner, inner * expansion, size, stride))
            inputs, size = inner * expansion, places[-1].after
        stages.append(places)
    return stages
