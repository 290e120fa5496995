"""Primitives of a folded network: what it may consist of, each with its equation."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rscore.folding.arithmetic import unshared_kernel
from rscore.networks.layers import FlattenTime, RepeatTime, TimeMean
from rscore.neurons import membrane_steps
from rscore.spec import ResetKind, SpikeKind

Pair = tuple[int, int]


class Op(nn.Module):
    """One primitive. `attributes` are JSON values that, with its tensors, rebuild it."""

    op: str

    def attributes(self) -> dict[str, Any]:
        """Keyword arguments of the constructor beside the tensors."""
        return {}

    @classmethod
    def build(cls, attributes: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> Op:
        """The primitive from its attributes and tensors."""
        pairs = {k: tuple(v) if isinstance(v, list) else v for k, v in attributes.items()}
        return cls(**pairs, **tensors)

    def _set(self, name: str, value: Tensor | None) -> None:
        self.register_buffer(name, None if value is None else value.detach().clone())


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


class Conv2d(Op):
    """y = W * x + b with one shared kernel [O, C/groups, kh, kw]."""

    op = "conv2d"
    weight: Tensor
    bias: Tensor | None

    def __init__(
        self,
        *,
        weight: Tensor,
        bias: Tensor | None = None,
        stride: Pair = (1, 1),
        padding: Pair = (0, 0),
        dilation: Pair = (1, 1),
        groups: int = 1,
    ) -> None:
        super().__init__()
        self._set("weight", weight)
        self._set("bias", bias)
        self.stride, self.padding, self.dilation, self.groups = stride, padding, dilation, groups

    def attributes(self) -> dict[str, Any]:
        """Geometry of the convolution."""
        return {
            "stride": self.stride,
            "padding": self.padding,
            "dilation": self.dilation,
            "groups": self.groups,
        }

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, H, W] to [B, O, H', W']."""
        return F.conv2d(
            x, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups
        )


class FactoredConv2d(Op):
    """Unshared convolution kept as (W, a): W'[o, p, c, d] = W[o, c, d] . a[c, p*stride + d - pad].

    Small on disk and quick where a GPU multiplies anyway; `materialize` gives the kernels
    themselves, which is what a binary accelerator loads.
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
        stride: Pair = (1, 1),
        padding: Pair = (0, 0),
    ) -> None:
        super().__init__()
        self._set("weight", weight)
        self._set("amplitude", amplitude)
        self._set("bias", bias)
        self.stride, self.padding = stride, padding

    def attributes(self) -> dict[str, Any]:
        """Geometry of the convolution."""
        return {"stride": self.stride, "padding": self.padding}

    @property
    def output_size(self) -> Pair:
        """Rows and columns of the output."""
        sizes = [
            (self.amplitude.shape[1 + i] + 2 * self.padding[i] - self.weight.shape[2 + i])
            // self.stride[i]
            + 1
            for i in range(2)
        ]
        return sizes[0], sizes[1]

    def materialized_bytes(self, itemsize: int = 4) -> int:
        """Bytes of the unshared kernels."""
        rows, columns = self.output_size
        return rows * columns * self.weight.numel() * itemsize

    def materialize(self) -> UnsharedConv2d:
        """The same layer with one kernel per output position."""
        return UnsharedConv2d(
            weight=unshared_kernel(
                self.weight, self.amplitude, stride=self.stride, padding=self.padding
            ),
            bias=self.bias,
            kernel=(self.weight.shape[2], self.weight.shape[3]),
            stride=self.stride,
            padding=self.padding,
            input_size=(self.amplitude.shape[1], self.amplitude.shape[2]),
        )

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, H, W] to [B, O, H', W']; rows beyond the amplitude's are not seen."""
        _, height, width = self.amplitude.shape
        seen = x[..., :height, :width] * self.amplitude
        return F.conv2d(seen, self.weight, self.bias, self.stride, self.padding)


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
        bias: Tensor | None = None,
    ) -> None:
        super().__init__()
        self._set("weight", weight)
        self._set("bias", bias)
        self.kernel, self.stride, self.padding = kernel, stride, padding
        self.input_size = input_size

    def attributes(self) -> dict[str, Any]:
        """Geometry of the windows."""
        return {
            "kernel": self.kernel,
            "stride": self.stride,
            "padding": self.padding,
            "input_size": self.input_size,
        }

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, H, W] to [B, O, H', W']; rows beyond `input_size` are not seen."""
        height, width = self.input_size
        seen = x[..., :height, :width]
        windows = F.unfold(seen, self.kernel, padding=self.padding, stride=self.stride)
        currents = torch.matmul(windows.permute(2, 0, 1), self.weight.transpose(1, 2))
        rows = (height + 2 * self.padding[0] - self.kernel[0]) // self.stride[0] + 1
        y: Tensor = currents.permute(1, 2, 0).unflatten(2, (rows, -1))
        return y if self.bias is None else y + self.bias.view(-1, 1, 1)


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


class AveragePool2d(Op):
    """Mean of each window."""

    op = "average_pool2d"

    def __init__(self, *, kernel: Pair, stride: Pair) -> None:
        super().__init__()
        self.kernel, self.stride = kernel, stride

    def attributes(self) -> dict[str, Any]:
        """Window and stride."""
        return {"kernel": self.kernel, "stride": self.stride}

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, H, W] to [B, C, H', W']."""
        return F.avg_pool2d(x, self.kernel, self.stride)


class MaxPool2d(Op):
    """Largest of each window; where `negative` is set the smallest.

    A max over a . s with a < 0 is a . min over s: the weights keep W . a.
    """

    op = "max_pool2d"
    negative: Tensor | None

    def __init__(
        self, *, kernel: Pair, stride: Pair, padding: Pair, negative: Tensor | None = None
    ) -> None:
        super().__init__()
        self._set("negative", negative)
        self.kernel, self.stride, self.padding = kernel, stride, padding

    def attributes(self) -> dict[str, Any]:
        """Window, stride and padding (never counted)."""
        return {"kernel": self.kernel, "stride": self.stride, "padding": self.padding}

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, H, W] to [B, C, H', W']."""
        largest = F.max_pool2d(x, self.kernel, self.stride, self.padding)
        if self.negative is None:
            return largest
        smallest = -F.max_pool2d(-x, self.kernel, self.stride, self.padding)
        return torch.where(self.negative > 0, smallest, largest)


class Flatten(Op):
    """[B, C, H, W] to [B, C*H*W]."""

    op = "flatten"

    def forward(self, x: Tensor) -> Tensor:
        """[B, ...] to [B, F]."""
        return x.flatten(1)


class Add(Op):
    """Sum of currents."""

    op = "add"

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Two of one shape to the same."""
        return x + y


class And(Op):
    """x y: a spike where both have one."""

    op = "and"

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Two of one shape to the same."""
        return x * y


class AndNot(Op):
    """(1 - x) y: a spike where y has one and x has none."""

    op = "and_not"

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Two of one shape to the same."""
        return (1 - x) * y


class FlattenTimeOp(Op):
    """Event frames as currents of their own step: [N, T, ...] to [T*N, ...]."""

    op = "flatten_time"

    def __init__(self, *, num_timesteps: int) -> None:
        super().__init__()
        self.num_timesteps = num_timesteps
        self._flatten = FlattenTime(num_timesteps)

    def attributes(self) -> dict[str, Any]:
        """T."""
        return {"num_timesteps": self.num_timesteps}

    def forward(self, x: Tensor) -> Tensor:
        """[N, T, ...] to [T*N, ...]."""
        frames: Tensor = self._flatten(x)
        return frames


class RepeatTimeOp(Op):
    """Direct encoding: [N, ...] to [T*N, ...], the same current at every step."""

    op = "repeat_time"

    def __init__(self, *, num_timesteps: int) -> None:
        super().__init__()
        self.num_timesteps = num_timesteps
        self._repeat = RepeatTime(num_timesteps)

    def attributes(self) -> dict[str, Any]:
        """T."""
        return {"num_timesteps": self.num_timesteps}

    def forward(self, x: Tensor) -> Tensor:
        """[N, ...] to [T*N, ...]."""
        repeated: Tensor = self._repeat(x)
        return repeated


class TimeMeanOp(Op):
    """Read-out: mean over T, [T*N, K] to [N, K]."""

    op = "time_mean"

    def __init__(self, *, num_timesteps: int) -> None:
        super().__init__()
        self.num_timesteps = num_timesteps
        self._mean = TimeMean(num_timesteps)

    def attributes(self) -> dict[str, Any]:
        """T."""
        return {"num_timesteps": self.num_timesteps}

    def forward(self, x: Tensor) -> Tensor:
        """[T*N, K] to [N, K]."""
        logits: Tensor = self._mean(x)
        return logits


class LIFOp(Op):
    """u[t] = decay . v[t-1] + x[t];  s[t] = 1 if u[t] >= v_threshold else 0;  v: u after its reset.

    Ternary spikes are sign(u) where |u| >= v_threshold; see rscore/neurons.py.
    """

    op = "lif"

    def __init__(
        self,
        *,
        num_timesteps: int,
        decay: float,
        v_threshold: float,
        reset: ResetKind = "hard",
        spike: SpikeKind = "binary",
    ) -> None:
        super().__init__()
        self.num_timesteps, self.decay, self.v_threshold = num_timesteps, decay, v_threshold
        self.reset: ResetKind = reset
        self.spike: SpikeKind = spike

    def attributes(self) -> dict[str, Any]:
        """T and the neuron's constants."""
        return {
            "num_timesteps": self.num_timesteps,
            "decay": self.decay,
            "v_threshold": self.v_threshold,
            "reset": self.reset,
            "spike": self.spike,
        }

    def membrane_and_spikes(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(u, s) of currents `x`, all [T*N, ...]."""
        currents = x.unflatten(0, (self.num_timesteps, -1))
        membrane, spikes = membrane_steps(
            currents,
            decay=self.decay,
            v_threshold=self.v_threshold,
            reset=self.reset,
            spike=self.spike,
        )
        return membrane.flatten(0, 1), spikes.flatten(0, 1)

    def margin(self, membrane: Tensor) -> float:
        """Smallest distance of a membrane, any shape, from a threshold."""
        size = membrane.abs() if self.spike == "ternary" else membrane
        return float((size - self.v_threshold).abs().min())

    def forward(self, x: Tensor) -> Tensor:
        """Spikes [T*N, ...] of currents [T*N, ...]."""
        return self.membrane_and_spikes(x)[1]


class ThresholdLIFOp(LIFOp):
    """LIF with a threshold theta per channel: s[t] = 1 if u[t] >= theta else 0.

    Channels where `below` is 1 fire where u[t] <= theta. It is what a neuron with a normalised
    membrane folds into.
    """

    op = "threshold_lif"
    threshold: Tensor
    below: Tensor

    def __init__(
        self, *, num_timesteps: int, decay: float, threshold: Tensor, below: Tensor
    ) -> None:
        super().__init__(num_timesteps=num_timesteps, decay=decay, v_threshold=float("nan"))
        self._set("threshold", threshold)
        self._set("below", below)

    def attributes(self) -> dict[str, Any]:
        """T and the decay."""
        return {"num_timesteps": self.num_timesteps, "decay": self.decay}

    def membrane_and_spikes(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(u, s) of currents `x`, all [T*N, ...]."""
        membranes: list[Tensor] = []
        spikes: list[Tensor] = []
        for u in x.unflatten(0, (self.num_timesteps, -1)).unbind(0):
            if membranes:
                u = u + self.decay * (membranes[-1] * (1 - spikes[-1]))
            fires = torch.where(self.below > 0, u <= self.threshold, u >= self.threshold)
            membranes.append(u)
            spikes.append(fires.to(x.dtype))
        return torch.cat(membranes), torch.cat(spikes)

    def margin(self, membrane: Tensor) -> float:
        """Smallest distance of a membrane from its channel's threshold."""
        return float((membrane - self.threshold).abs().min())


OPS: Mapping[str, type[Op]] = MappingProxyType(
    {
        kind.op: kind
        for kind in (
            NormalizeOp,
            Conv2d,
            FactoredConv2d,
            UnsharedConv2d,
            Linear,
            Diagonal,
            AveragePool2d,
            MaxPool2d,
            Flatten,
            Add,
            And,
            AndNot,
            FlattenTimeOp,
            RepeatTimeOp,
            TimeMeanOp,
            LIFOp,
            ThresholdLIFOp,
        )
    }
)
"""Every primitive by its name in the JSON graph."""
