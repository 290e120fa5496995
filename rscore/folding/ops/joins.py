"""Where maps meet: sums of currents, spike counts, gates of spikes, channels side by side."""

from __future__ import annotations

import torch
from torch import Tensor

from rscore.folding.ops.base import Op


class Add(Op):
    """Sum of currents, or of spikes that carry one scale: their count."""

    op = "add"

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Two of one shape to the same."""
        return x + y


class And(Op):
    """AND of spikes, s . x: a spike where both have one."""

    op = "and"

    def forward(self, s: Tensor, x: Tensor) -> Tensor:
        """Two of one shape to the same."""
        return s * x


class AndNot(Op):
    """IAND of spikes, (1 - s) . x: a spike where x has one and s has none."""

    op = "and_not"

    def forward(self, s: Tensor, x: Tensor) -> Tensor:
        """Two of one shape to the same."""
        return (1 - s) * x


class Concatenate(Op):
    """Channels, or features, of several maps side by side."""

    op = "concatenate"

    def forward(self, *maps: Tensor) -> Tensor:
        """[B, C1, ...], [B, C2, ...], ... to [B, C1 + C2 + ..., ...]."""
        return torch.cat(maps, 1)
