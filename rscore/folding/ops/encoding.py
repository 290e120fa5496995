"""Encoding, read-out and shape: what happens once, before the first synapse or after the last."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from rscore.folding.ops.base import Op
from rscore.networks.layers import FlattenTime, RepeatTime, TimeMean


class NormalizeOp(Op):
    """y = (x - mean) / std per channel, on the image alone."""

    op = "normalize"
    mean: Tensor
    std: Tensor

    def __init__(self, *, mean: Tensor, std: Tensor) -> None:
        super().__init__()
        self._set("mean", mean)
        self._set("std", std)

    def forward(self, x: Tensor) -> Tensor:
        """[N, C, H, W] to the same."""
        return (x - self.mean) / self.std


class _TimeOp(Op):
    """A primitive that knows T and nothing else."""

    def __init__(self, *, num_timesteps: int) -> None:
        super().__init__()
        self.num_timesteps = num_timesteps

    def attributes(self) -> dict[str, Any]:
        """T."""
        return {"num_timesteps": self.num_timesteps}


class RepeatTimeOp(_TimeOp):
    """Direct encoding: [N, ...] to [T*N, ...], the same current at every step."""

    op = "repeat_time"

    def __init__(self, *, num_timesteps: int) -> None:
        super().__init__(num_timesteps=num_timesteps)
        self._repeat = RepeatTime(num_timesteps)

    def forward(self, x: Tensor) -> Tensor:
        """[N, ...] to [T*N, ...]."""
        repeated: Tensor = self._repeat(x)
        return repeated


class FlattenTimeOp(_TimeOp):
    """Event frames, each at its own step: [N, T, C, H, W] to [T*N, C, H, W]."""

    op = "flatten_time"

    def __init__(self, *, num_timesteps: int) -> None:
        super().__init__(num_timesteps=num_timesteps)
        self._flatten = FlattenTime(num_timesteps)

    def forward(self, x: Tensor) -> Tensor:
        """[N, T, C, H, W] to [T*N, C, H, W]."""
        frames: Tensor = self._flatten(x)
        return frames


class TimeMeanOp(_TimeOp):
    """Read-out: mean over T, [T*N, K] to [N, K]."""

    op = "time_mean"

    def __init__(self, *, num_timesteps: int) -> None:
        super().__init__(num_timesteps=num_timesteps)
        self._mean = TimeMean(num_timesteps)

    def forward(self, x: Tensor) -> Tensor:
        """[T*N, K] to [N, K]."""
        logits: Tensor = self._mean(x)
        return logits


class Flatten(Op):
    """[B, C, H, W] to [B, C*H*W]."""

    op = "flatten"

    def forward(self, x: Tensor) -> Tensor:
        """[B, ...] to [B, F]."""
        return x.flatten(1)
