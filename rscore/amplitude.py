"""The learned spike amplitude `a`: emitted value o = a * s, after spike and reset."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from rscore.spec import Granularity


class Amplitude(nn.Module):
    """Real-valued spike o[t] = a * s[t] with `a` shared per layer, channel or element.

    Neuron state never sees `a`, which is what makes the fold exact. `a` starts at 1.

    Args:
        granularity: layer (one number), channel ([C]) or element (the whole sample shape).
        shape: one sample's shape at this place, (C, H, W) or (C,).

    Source: Guo et al., Real Spike, ECCV 2022 (arXiv 2210.06686).
    """

    def __init__(self, granularity: Granularity, shape: tuple[int, ...]) -> None:
        super().__init__()
        if granularity == "binary":
            raise ValueError("a binary network has no amplitude; use make_amplitude")
        sizes: dict[str, tuple[int, ...]] = {
            "layer": (1,) * len(shape),
            "channel": (shape[0],) + (1,) * (len(shape) - 1),
            "element": shape,
        }
        self.granularity = granularity
        self.value = nn.Parameter(torch.ones(sizes[granularity]))

    def forward(self, spikes: Tensor) -> Tensor:
        """Real-valued spikes [T*N, C, H, W] (or [T*N, C]) for binary ones of the same shape."""
        return spikes * self.value

    def extra_repr(self) -> str:
        """What the layer's repr shows."""
        return f"{self.granularity}, {tuple(self.value.shape)}"


def make_amplitude(granularity: Granularity, shape: tuple[int, ...]) -> nn.Module:
    """An Amplitude, or for a binary network the identity."""
    return nn.Identity() if granularity == "binary" else Amplitude(granularity, shape)
