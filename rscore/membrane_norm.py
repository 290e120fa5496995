"""MPBN: batch normalisation of the membrane, between its update and the threshold."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from rscore.neurons import LIF


class MembraneNormLIF(LIF):
    """LIF layer whose membrane is batch-normalised before it meets the threshold.

    u[t] = decay * u[t-1] * (1 - s[t-1]) + x[t]
    s[t] = 1 if BN(u[t]) >= v_threshold else 0

    One BatchNorm per channel serves all steps; in training each step's batch moves its running
    statistics. The raw membrane is carried on. At inference the normalisation is a threshold per
    channel, so it folds away (rscore/folding/rules/neuron.py).

    Args:
        channels: C of the currents [T*N, C, H, W] or [T*N, C].
        constants: keywords of LIF; the reset must be hard and the spikes binary.

    Raises:
        ValueError: if they are not; in forward, if the first dimension is not a multiple of T.

    Source: Guo et al., Membrane Potential Batch Normalization for Spiking Neural Networks,
    ICCV 2023 (arXiv 2308.08359).
    """

    def __init__(self, channels: int, **constants: Any) -> None:
        super().__init__(**constants)
        if self.dynamics.reset != "hard" or self.dynamics.spike != "binary":
            raise ValueError("a normalised membrane needs the hard reset and binary spikes")
        self.norm = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        """Spikes [T*N, ...] for currents `x` [T*N, ...]."""
        return torch.cat(self._steps(x)[1]).to(x.dtype)

    def _spike(self, u: Tensor) -> Tensor:
        """Differentiable spikes of a membrane, which is normalised first."""
        maps: Tensor = self.norm(u if u.dim() == 4 else u[..., None, None])
        return super()._spike(maps.view(u.shape) if u.dim() != 4 else maps)
