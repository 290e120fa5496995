"""Neuron and amplitude: the neuron emits binary spikes, the amplitude becomes a debt to fold."""

from __future__ import annotations

from rscore.amplitude import Amplitude
from rscore.folding.ops import LIFOp
from rscore.folding.rules.step import Step
from rscore.folding.values import Spikes
from rscore.neurons import LIF


def lif(step: Step) -> Spikes:
    """u[t] = decay . u[t-1] . (1 - s[t-1]) + x[t], kept as it is."""
    module, current = step.module, step.current()
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


def amplitude(step: Step) -> Spikes:
    """o = a . s: nothing is computed; whoever consumes the spikes takes `a` into its weights."""
    module, spikes = step.module, step.input
    if not isinstance(module, Amplitude):
        step.refuse("not an amplitude")
    if not isinstance(spikes, Spikes) or spikes.pool is not None or spikes.flat:
        step.refuse("an amplitude must scale the spikes of a neuron, pooled at most by a max")
    value = module.effective().detach()
    scale = value if spikes.scale is None else spikes.scale * value
    return Spikes(spikes.node, spikes.shape, scale)
