"""Neurons of a folded network: what emits {0, 1}, or {-1, 0, 1}, and nothing else."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from rscore.folding.ops.base import Op
from rscore.kernels import Dynamics
from rscore.neurons import membrane_steps, unrolled
from rscore.spec import ResetKind, SpikeKind


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

    @property
    def alphabet(self) -> tuple[int, ...]:
        """Every value that this layer may emit."""
        return (0, 1) if self.spike == "binary" else (-1, 0, 1)

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


_HARD_RESET = Dynamics(float("nan"), "rectangle", 1.0, "hard", False, "binary")
"""Of neurons whose thresholds are their own; no gradient passes a folded network."""


class ThresholdLIFOp(LIFOp):
    """Binary LIF with hard reset and a threshold theta per channel: s[t] = 1[u[t] >= theta].

    Channels where `below` is 1 fire where u[t] <= theta; a theta of -inf always fires, one of inf
    never. It is what a neuron with a normalised membrane folds into.
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
        membranes, spikes = unrolled(
            x.unflatten(0, (self.num_timesteps, -1)), self.decay, _HARD_RESET, self._fired
        )
        return torch.cat(membranes), torch.cat(spikes)

    def _fired(self, u: Tensor) -> Tensor:
        fires = torch.where(self.below > 0, u <= self.threshold, u >= self.threshold)
        return fires.to(u.dtype)

    def margin(self, membrane: Tensor) -> float:
        """Smallest distance of a membrane from its channel's threshold."""
        return float((membrane - self.threshold).abs().min())
