"""Dynamics: the constants of a neuron layer, as its kernels need them."""

from __future__ import annotations

from dataclasses import dataclass

from rscore.spec import ResetKind, SpikeKind, SurrogateName


@dataclass(frozen=True, slots=True)
class Dynamics:
    """What a neuron layer computes, apart from its decay; the equation is in rscore/neurons.py."""

    v_threshold: float
    surrogate: SurrogateName
    surrogate_width: float
    reset: ResetKind
    detach_reset: bool
    spike: SpikeKind
