"""Shared synapses: convolution, linear layer, and the diagonal of an identity shortcut."""

from __future__ import annotations

from typing import Any

from torch import Tensor
from torch.nn import functional as F

from rscore.folding.ops.base import Op, Pair


class Convolution(Op):
    """The geometry that convolutions have, whatever their kernels."""

    def __init__(
        self,
        *,
        stride: Pair = (1, 1),
        padding: Pair = (0, 0),
        dilation: Pair = (1, 1),
        groups: int = 1,
    ) -> None:
        super().__init__()
        self.stride, self.padding, self.dilation, self.groups = stride, padding, dilation, groups

    def attributes(self) -> dict[str, Any]:
        """Geometry of the convolution."""
        return {
            "stride": self.stride,
            "padding": self.padding,
            "dilation": self.dilation,
            "groups": self.groups,
        }


class Conv2d(Convolution):
    """y = W * x + b with one shared kernel [O, C/groups, kh, kw]."""

    op = "conv2d"
    weight: Tensor
    bias: Tensor | None

    def __init__(self, *, weight: Tensor, bias: Tensor | None = None, **geometry: Any) -> None:
        super().__init__(**geometry)
        self._set("weight", weight)
        self._set("bias", bias)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, H, W] to [B, O, H', W']."""
        return F.conv2d(
            x, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups
        )


class Linear(Op):
    """y = W x + b, [B, F] to [B, O]."""

    op = "linear"
    weight: Tensor
    bias: Tensor | None

    def __init__(self, *, weight: Tensor, bias: Tensor | None = None) -> None:
        super().__init__()
        self._set("weight", weight)
        self._set("bias", bias)

    def forward(self, x: Tensor) -> Tensor:
        """[B, F] to [B, O]."""
        return F.linear(x, self.weight, self.bias)


class Diagonal(Op):
    """y = a . x: a depthwise 1x1 synapse, what an identity shortcut becomes."""

    op = "diagonal"
    value: Tensor

    def __init__(self, *, value: Tensor) -> None:
        super().__init__()
        self._set("value", value)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, ...] to the same."""
        return x * self.value
