"""Whether a folded neuron has the constants of the trained one, which currents do not show."""

from __future__ import annotations

import torch
from torch import Tensor

from rscore.folding.ops import LIFOp, ThresholdLIFOp
from rscore.membrane_norm import MembraneNormLIF
from rscore.neurons import LIF

ROUNDING = 1e-9


def neuron_difference(op: LIFOp, neuron: LIF) -> str:
    """What differs, in words; empty if nothing does.

    Args:
        op: of the folded network.
        neuron: of the trained one, in eval mode and float64.
    """
    facts: list[tuple[str, object, object]] = [
        ("num_timesteps", op.num_timesteps, neuron.num_timesteps),
        ("decay", op.decay, neuron.decay_value()),
        ("reset", op.reset, neuron.dynamics.reset),
        ("spike", op.spike, neuron.dynamics.spike),
    ]
    if not isinstance(neuron, MembraneNormLIF):
        facts.append(("v_threshold", op.v_threshold, neuron.v_threshold))
    elif not isinstance(op, ThresholdLIFOp) or not _same_thresholds(op, neuron):
        return "its thresholds are not those of the normalised membrane"
    odd = [f"{name} {folded} for {trained}" for name, folded, trained in facts
           if not _same(folded, trained)]  # fmt: skip
    return ", ".join(odd)


def _same(folded: object, trained: object) -> bool:
    if isinstance(folded, float) and isinstance(trained, float):
        return abs(folded - trained) <= ROUNDING
    return folded == trained


def _same_thresholds(op: ThresholdLIFOp, neuron: MembraneNormLIF) -> bool:
    """BN(theta) = V where the slope is not 0, and the comparison turns with its sign."""
    theta, below = op.threshold.flatten(), op.below.flatten() > 0
    slope = neuron.norm.weight.detach()
    if theta.shape != slope.shape or not torch.equal(below, slope < 0):
        return False
    finite = theta.isfinite()
    met = _normalized(neuron, theta.where(finite, 0.0))
    at_border = (met - neuron.v_threshold).abs() <= ROUNDING * (1 + theta.abs() * slope.abs())
    always = met >= neuron.v_threshold
    constant = (slope == 0) & (always == (theta == -torch.inf)) & (always != (theta == torch.inf))
    return bool(torch.where(finite, at_border & (slope != 0), constant).all())


def _normalized(neuron: MembraneNormLIF, u: Tensor) -> Tensor:
    normalized: Tensor = neuron.norm(u.view(1, -1, 1, 1))
    return normalized.flatten()
