"""The plans of the network families: stages, blocks, channels and sides of their maps; no torch.

What is built (rscore/networks) and what is predicted of it (rscore/footprint) follow from these.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from rscore.spec import NetworkName

CHAINS: Mapping[NetworkName, Sequence[Sequence[int]]] = MappingProxyType(
    {
        "cifarnet": ((2,), (4,), (8, 4)),
        "vgg16": ((1,), (2, 2), (4, 4, 4), (8, 8, 8), (8, 8, 8)),
    }
)
"""Channels of every convolution behind the first, stage by stage, as multiples of the width."""

BLOCKS: Mapping[NetworkName, tuple[int, ...]] = MappingProxyType(
    {
        "resnet20": (3, 3, 3),
        "resnet19": (3, 3, 2),
        "resnet20-modified": (2, 2, 2, 2),
        "sew-resnet18": (2, 2, 2, 2),
        "sew-resnet34": (3, 4, 6, 3),
        "sew-resnet50": (3, 4, 6, 3),
    }
)
"""Residual blocks in each stage."""

EXPANSIONS: Mapping[NetworkName, int] = MappingProxyType({"sew-resnet50": 4})
"""Channels behind a bottleneck over those inside; what is not here has basic blocks."""

LARGE_SIZE = 64
"""From this side on a SEW network's stem halves the map twice, as for ImageNet."""


def strided(size: int, stride: int) -> int:
    """Side of a map behind a convolution that keeps it, over the stride and rounded up."""
    return -(-size // stride)


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
