"""Neurons: they see currents and emit plain spikes, {0, 1} or {-1, 0, 1}."""

from __future__ import annotations

from torch import Tensor

from rscore.folding.arithmetic import membrane_threshold
from rscore.folding.ops import LIFOp, ThresholdLIFOp
from rscore.folding.rules.currents import current_of
from rscore.folding.rules.norm import require_statistics
from rscore.folding.rules.step import Step
from rscore.folding.values import Spikes
from rscore.membrane_norm import MembraneNormLIF
from rscore.neurons import LIF


def lif(step: Step) -> Spikes:
    """u[t] = decay . v[t-1] + x[t], kept as it is."""
    module, current = step.module, current_of(step, step.input)
    if not isinstance(module, LIF):
        step.refuse("not a LIF neuron")
    op = LIFOp(
        num_timesteps=module.num_timesteps,
        decay=module.decay_value(),
        v_threshold=module.v_threshold,
        reset=module.dynamics.reset,
        spike=module.dynamics.spike,
    )
    return Spikes(step.builder.add(step.name, op, current.node), step.output_shape)


def membrane_norm_lif(step: Step) -> Spikes:
    """The normalised membrane's threshold becomes one of the raw membrane, per channel."""
    module, current = step.module, current_of(step, step.input)
    if not isinstance(module, MembraneNormLIF):
        step.refuse("not a neuron with a normalised membrane")
    mean, var = require_statistics(step, module.norm)
    theta, below = membrane_threshold(
        v_threshold=module.v_threshold,
        mean=mean,
        var=var,
        eps=module.norm.eps,
        gamma=module.norm.weight,
        beta=module.norm.bias,
    )
    op = ThresholdLIFOp(
        num_timesteps=module.num_timesteps,
        decay=module.decay_value(),
        threshold=_per_channel(theta, step.output_shape),
        below=_per_channel(below, step.output_shape),
    )
    return Spikes(step.builder.add(step.name, op, current.node), step.output_shape)


def _per_channel(values: Tensor, shape: tuple[int, ...]) -> Tensor:
    return values.view(-1, *(1,) * (len(shape) - 1))
