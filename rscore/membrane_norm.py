"""MPBN: batch normalisation of the membrane, between its update and the threshold."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from rscore.neurons import LIF, SurrogateSpike


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

    def membrane_and_spikes(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Membrane before normalisation and reset, and spikes, both [T*N, ...], differentiable."""
        membranes, spikes = self._steps(x)
        return torch.cat(membranes), torch.cat(spikes).to(x.dtype)

    def _steps(self, x: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """Membrane and spikes [N, ...] of every step."""
        decay = self._decay_now()
        membranes: list[Tensor] = []
        spikes: list[Tensor] = []
        # A membrane is float32 even when synapses are half precision.
        currents = self._by_time(x).to(torch.promote_types(x.dtype, torch.float32))
        for current in currents.unbind(0):
            u = current
            if membranes:
                s = spikes[-1].detach() if self.dynamics.detach_reset else spikes[-1]
                u = u + decay * (membranes[-1] * (1 - s))
            membranes.append(u)
            spikes.append(
                SurrogateSpike.apply(  # type: ignore[no-untyped-call]
                    self._normalized(u), self.dynamics
                )
            )
        return membranes, spikes

    def _normalized(self, u: Tensor) -> Tensor:
        maps: Tensor = self.norm(u if u.dim() == 4 else u[..., None, None])
        return maps.view(u.shape) if u.dim() != 4 else maps
