"""Memory of a training's tensors: weights, what the optimiser keeps, and maps for backward."""

from __future__ import annotations

from rscore.footprint.sketch import Sketch
from rscore.spec import RunSpec

FLOAT = 4
SLACK = 1.25
"""What a process was measured to take over the maps it keeps: gradients under way, workspaces of
convolutions, and what its allocator does not give back."""


STEP_BY_STEP = 3
"""Maps that a neuron layer keeps for each of its own where its steps are unrolled."""


def training_bytes(sketch: Sketch) -> int:
    """Bytes that one optimiser step takes at its peak, on the CPU.

    Measured on networks of all families it was right to 15 %, small ones to a few megabytes. A GPU
    takes less, since it computes spikes again; an ANN twin and auxiliary heads are not in it.
    """
    spec = sketch.spec
    floats = SLACK * (kept_floats(sketch) + _unrolled_floats(sketch)) + sketch.largest
    share = 1.0 if spec.precision == "fp32" else 0.5
    weights = weight_copies(spec) * sketch.parameters
    return round(FLOAT * (weights + share * spec.batch_size * floats))


def kept_floats(sketch: Sketch) -> int:
    """Floats that the backward pass of one sample needs, its input included."""
    return sum(kept.floats for kept in sketch.kept)


def _unrolled_floats(sketch: Sketch) -> int:
    spec = sketch.spec
    if spec.membrane_norm == "none" and spec.regularizer == "none":
        return 0
    return STEP_BY_STEP * spec.num_timesteps * sum(sketch.neurons.values())


def weight_copies(spec: RunSpec) -> int:
    """How often the weights are there: themselves, gradient, optimiser's state, average."""
    state = (1 if spec.momentum else 0) if spec.optimizer == "sgd" else 2
    return 2 + state + (spec.ema_decay is not None)
