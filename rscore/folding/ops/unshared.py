"""Unshared convolution: a kernel for every output position, factored as (W, a) or written out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from rscore.folding.arithmetic import unshared_kernel
from rscore.folding.ops.base import Op, Pair
from rscore.folding.ops.synapses import Convolution

TILE_BYTES = 16 * 2**20
"""Kernels that are computed at once when a factored layer is written out."""


class FactoredConv2d(Convolution):
    """Unshared convolution kept as (W, a): W'[o, p, c, d] = W[o, c, d] . a[c, p*stride + d - pad].

    Small on disk and quick where a GPU multiplies anyway; `materialize` gives the kernels
    themselves, which is what a binary accelerator loads. With dilation, d counts in its steps.
    """

    op = "factored_conv2d"
    weight: Tensor
    amplitude: Tensor
    bias: Tensor | None

    def __init__(
        self,
        *,
        weight: Tensor,
        amplitude: Tensor,
        bias: Tensor | None = None,
        **geometry: Any,
    ) -> None:
        super().__init__(**geometry)
        self._set("weight", weight)
        self._set("amplitude", amplitude)
        self._set("bias", bias)

    @property
    def output_size(self) -> Pair:
        """Rows and columns of the output."""
        _, height, width = self.amplitude.shape
        kernel = (self.weight.shape[2], self.weight.shape[3])
        return _output_size(
            (height, width),
            kernel,
            stride=self.stride,
            padding=self.padding,
            dilation=self.dilation,
        )

    def materialized_bytes(self, itemsize: int = 4) -> int:
        """Bytes of the unshared kernels."""
        rows, columns = self.output_size
        return rows * columns * self.weight.numel() * itemsize

    def tiles(self, tile_bytes: int = TILE_BYTES) -> Iterator[Tensor]:
        """The unshared kernels in row order of the output, [P', O, C/groups*kh*kw] at a time.

        Nothing larger than a tile is held, so that kernels beyond the memory can go to a file.
        """
        rows, columns = self.output_size
        one = self.weight.numel() * self.weight.element_size()
        step = max(1, tile_bytes // one)
        for start in range(0, rows * columns, step):
            yield unshared_kernel(
                self.weight,
                self.amplitude,
                stride=self.stride,
                padding=self.padding,
                dilation=self.dilation,
                groups=self.groups,
                positions=slice(start, start + step),
            )

    def materialize(self) -> UnsharedConv2d:
        """The same layer with one kernel per output position, filled tile by tile."""
        rows, columns = self.output_size
        kernels = self.weight.new_empty(rows * columns, *self.weight.flatten(1).shape)
        filled = 0
        for tile in self.tiles():
            kernels[filled : filled + len(tile)] = tile
            filled += len(tile)
        unshared = UnsharedConv2d(
            weight=self.weight.new_empty(0),
            bias=self.bias,
            kernel=(self.weight.shape[2], self.weight.shape[3]),
            stride=self.stride,
            padding=self.padding,
            dilation=self.dilation,
            groups=self.groups,
            input_size=(self.amplitude.shape[1], self.amplitude.shape[2]),
        )
        unshared.weight = kernels  # not through the constructor, which would copy them
        return unshared

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, H, W] to [B, O, H', W']; rows beyond the amplitude's are not seen."""
        _, height, width = self.amplitude.shape
        seen = x[..., :height, :width] * self.amplitude
        return F.conv2d(
            seen, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups
        )


class UnsharedConv2d(Op):
    """Locally connected: y[o, p] = sum over c, d of W'[p, o, (c, d)] . x[c, p*stride + d - pad]."""

    op = "unshared_conv2d"
    weight: Tensor
    bias: Tensor | None

    def __init__(
        self,
        *,
        weight: Tensor,
        kernel: Pair,
        stride: Pair,
        padding: Pair,
        input_size: Pair,
        dilation: Pair = (1, 1),
        groups: int = 1,
        bias: Tensor | None = None,
    ) -> None:
        super().__init__()
        self._set("weight", weight)
        self._set("bias", bias)
        self.kernel, self.stride, self.padding = kernel, stride, padding
        self.input_size, self.dilation, self.groups = input_size, dilation, groups

    def attributes(self) -> dict[str, Any]:
        """Geometry of the windows."""
        return {
            "kernel": self.kernel,
            "stride": self.stride,
            "padding": self.padding,
            "input_size": self.input_size,
            "dilation": self.dilation,
            "groups": self.groups,
        }

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, H, W] to [B, O, H', W']; rows beyond `input_size` are not seen."""
        height, width = self.input_size
        windows = F.unfold(
            x[..., :height, :width],
            self.kernel,
            dilation=self.dilation,
            padding=self.padding,
            stride=self.stride,
        )
        grouped = windows.unflatten(1, (self.groups, -1)).permute(3, 1, 0, 2)
        kernels = self.weight.unflatten(1, (self.groups, -1)).transpose(2, 3)
        currents = torch.matmul(grouped, kernels)
        rows, _ = _output_size(
            self.input_size,
            self.kernel,
            stride=self.stride,
            padding=self.padding,
            dilation=self.dilation,
        )
        y: Tensor = currents.permute(2, 1, 3, 0).flatten(1, 2).unflatten(2, (rows, -1))
        return y if self.bias is None else y + self.bias.view(-1, 1, 1)


def _output_size(size: Pair, kernel: Pair, *, stride: Pair, padding: Pair, dilation: Pair) -> Pair:
    rows, columns = (
        (size[i] + 2 * padding[i] - dilation[i] * (kernel[i] - 1) - 1) // stride[i] + 1
        for i in range(2)
    )
    return rows, columns
