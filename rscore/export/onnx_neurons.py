"""Neurons as ONNX nodes, unrolled over their T steps, and the counts of their spikes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from onnx import TensorProto

from rscore.errors import ExportError
from rscore.export.onnx_graph import Step, Value
from rscore.folding.ops import LIFOp, ThresholdLIFOp

SPIKES = "spikes/"
"""What the name of a layer's count of spikes begins with."""


@dataclass(frozen=True, slots=True)
class Heaviside:
    """s = max(0, min(1, alpha u + beta)), which is the step 1[u >= threshold] exactly.

    alpha is one over the distance between the threshold and the next smaller float32, a power of
    two, and beta = 1 - alpha threshold an integer below 2^24. Both products and sums are exact
    around the threshold, so s is 1 there and 0 at the float below it. Unlike a comparison, a
    HardSigmoid stays in the memory layout that ONNX Runtime's convolutions use: a folded network
    runs 1.5 to 2.5 times faster for it.
    """

    alpha: float
    beta: float


def heaviside(threshold: float) -> Heaviside:
    """The step at a float32 threshold > 0.

    Raises:
        ExportError: if the threshold is not positive and normal in float32.
    """
    at = np.float32(threshold)
    if not at >= np.finfo(np.float32).tiny * 2**24:
        raise ExportError(f"the ONNX file cannot express a threshold of {threshold:g}")
    gap = at - np.nextafter(at, np.float32(0))
    return Heaviside(float(1 / gap), float(1 - at / gap))


def lif(step: Step) -> Value:
    """u[t] = x[t] + decay . v[t-1], s[t], and v[t] after its reset."""
    op: LIFOp = step.op
    fire = _ternary if op.spike == "ternary" else _binary
    reset = _lowered if op.reset == "soft" else _cleared
    return _unrolled(step, lambda u: fire(step, op, u), lambda u, s: reset(step, op, u, s))


def threshold_lif(step: Step) -> Value:
    """Fires at or above its channel's threshold; marked channels where -u >= -threshold."""
    op: ThresholdLIFOp = step.op
    sign = 1 - 2 * op.below
    threshold = step.graph.constant(f"{step.name}:threshold", op.threshold * sign)
    reversed_ = bool((op.below > 0).any())
    # ONNX Runtime warns of a constant that nothing uses.
    signs = step.graph.constant(f"{step.name}:sign", sign) if reversed_ else None

    def fire(u: str) -> str:
        turned = u if signs is None else step.emit("Mul", u, signs, role="turned")
        fires = step.emit("GreaterOrEqual", turned, threshold, role="fires")
        return step.emit("Cast", fires, to=TensorProto.FLOAT)

    return _unrolled(step, fire, lambda u, s: _cleared(step, op, u, s))


def spike_count(step: Step, spikes: Value, shape: torch.Size) -> str:
    """Name of the output [N], int64: a layer's spikes of each sample, over all T steps.

    Spikes of either sign count. `shape` is one sample's at one step.

    Maps are averaged first, again for the sake of the runtime's layout; a mean of so few ones and
    zeros times its size rounds to their very number.
    """
    graph, name = step.graph, f"{SPIKES}{step.name}"
    size = graph.constant(f"{name}:size", float(shape[1:].numel()))
    axes = graph.integers(*range(1, len(shape) + 1))
    counts = []
    for spike in spikes:
        own = graph.add("Abs", f"{name}/size", spike) if step.op.spike == "ternary" else spike
        if len(shape) == 3:
            own = graph.add("GlobalAveragePool", f"{name}/mean", own)
        total = graph.add("ReduceSum", f"{name}/sum", own, axes, keepdims=0)
        rounded = graph.add("Round", f"{name}/count", graph.add("Mul", f"{name}/all", total, size))
        counts.append(graph.add("Cast", f"{name}/integer", rounded, to=TensorProto.INT64))
    first, *others = counts
    for count in others:
        first = graph.add("Add", f"{name}/total", first, count)
    return graph.add("Identity", name, first)


def _unrolled(step: Step, fire: Callable[[str], str], reset: Callable[[str, str], str]) -> Value:
    """`fire` gives s[t] of u[t], `reset` gives decay . v[t] of (u[t], s[t])."""
    if isinstance(step.input, str):
        raise TypeError(f"{step.name} needs currents with time")
    spikes: list[str] = []
    membrane = ""
    for current in step.input:
        before, membrane = membrane, current
        if spikes:
            carried = reset(before, spikes[-1])
            membrane = step.emit("Add", current, carried, role="membrane")
        spikes.append(fire(membrane))
    return tuple(spikes)


def _binary(step: Step, op: LIFOp, u: str) -> str:
    """1[u >= v_threshold]."""
    at = heaviside(op.v_threshold)
    return step.emit("HardSigmoid", u, alpha=at.alpha, beta=at.beta)


def _ternary(step: Step, op: LIFOp, u: str) -> str:
    """1[u >= v_threshold] - 1[-u >= v_threshold]."""
    at = heaviside(op.v_threshold)
    above = step.emit("HardSigmoid", u, role="above", alpha=at.alpha, beta=at.beta)
    below = step.emit("HardSigmoid", u, role="below", alpha=-at.alpha, beta=at.beta)
    return step.emit("Sub", above, below)


def _cleared(step: Step, op: LIFOp, u: str, s: str) -> str:
    """u . decay (1 - |s|): the clamp gives decay for 0 and 0 for 1."""
    size = step.emit("Abs", s, role="size") if op.spike == "ternary" else s
    left = step.emit("HardSigmoid", size, role="left", alpha=-op.decay, beta=op.decay)
    return step.emit("Mul", u, left, role="carried")


def _lowered(step: Step, op: LIFOp, u: str, s: str) -> str:
    """decay (u - v_threshold s)."""
    threshold = step.graph.constant(f"{step.name}:v_threshold", op.v_threshold)
    decay = step.graph.constant(f"{step.name}:decay", op.decay)
    lost = step.emit("Mul", s, threshold, role="lost")
    return step.emit("Mul", step.emit("Sub", u, lost, role="reduced"), decay, role="carried")
