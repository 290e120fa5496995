"""Pools of a folded network: mean, and largest or smallest of each window."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from rscore.folding.ops.base import Op, Pair


class AveragePool2d(Op):
    """Mean of each window; padded zeros count."""

    op = "average_pool2d"

    def __init__(self, *, kernel: Pair, stride: Pair, padding: Pair = (0, 0)) -> None:
        super().__init__()
        self.kernel, self.stride, self.padding = kernel, stride, padding

    def attributes(self) -> dict[str, Any]:
        """Window, stride and padding."""
        return {"kernel": self.kernel, "stride": self.stride, "padding": self.padding}

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, H, W] to [B, C, H', W']."""
        return F.avg_pool2d(x, self.kernel, self.stride, self.padding)


class MaxPool2d(Op):
    """Largest of each window; where `negative` is set the smallest.

    A max over a . s with a < 0 is a . min over s: the weights keep W . a. Padding is never the
    largest nor the smallest, so it is harmless for spikes of any sign.
    """

    op = "max_pool2d"
    negative: Tensor | None

    def __init__(
        self,
        *,
        kernel: Pair,
        stride: Pair,
        padding: Pair,
        dilation: Pair = (1, 1),
        ceil_mode: bool = False,
        negative: Tensor | None = None,
    ) -> None:
        super().__init__()
        self._set("negative", negative)
        self.kernel, self.stride, self.padding = kernel, stride, padding
        self.dilation, self.ceil_mode = dilation, ceil_mode

    def attributes(self) -> dict[str, Any]:
        """Window, stride, padding (never counted), dilation and rounding of the size."""
        return {
            "kernel": self.kernel,
            "stride": self.stride,
            "padding": self.padding,
            "dilation": self.dilation,
            "ceil_mode": self.ceil_mode,
        }

    def largest(self, x: Tensor) -> Tensor:
        """Largest of each window, whatever the sign."""
        return F.max_pool2d(
            x, self.kernel, self.stride, self.padding, self.dilation, ceil_mode=self.ceil_mode
        )

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, H, W] to [B, C, H', W']."""
        if self.negative is None:
            return self.largest(x)
        return torch.where(self.negative > 0, -self.largest(-x), self.largest(x))
