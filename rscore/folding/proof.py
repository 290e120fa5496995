"""The proof of a fold: both networks on real samples, spike for spike, in float64 and float32."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from rscore.errors import CertificateError
from rscore.folding.net import FoldedNet
from rscore.neurons import LIF

CHUNK = 64
"""Samples that are traced at once."""
ROUNDING = 1e-9
"""Currents and logits of order 1 in float64 differ by 1e-15; a fault by far more than this."""


@dataclass(frozen=True, slots=True)
class Float64Proof:
    """Exactness in float64."""

    spikes: int
    mismatches: int
    max_abs_current_diff: float
    """Largest difference of any neuron's input current; sees a fault that flipped no spike yet."""
    max_abs_logit_diff: float
    binary: bool
    """Every value that a folded neuron emitted was 0 or 1 (or -1, where spikes are ternary)."""

    @property
    def spikes_equal(self) -> bool:
        """Every spike of every layer, step and sample agreed."""
        return self.mismatches == 0

    @property
    def exact(self) -> bool:
        """Spike for spike, binary, and currents and logits equal up to the rounding of a sum."""
        largest = max(self.max_abs_current_diff, self.max_abs_logit_diff)
        return self.spikes_equal and self.binary and largest < ROUNDING


@dataclass(slots=True)
class LayerMismatch:
    """Spikes of one layer that differ in float32, per time step."""

    layer: str
    neurons: int
    """Neurons times samples, one time step."""
    local_mismatch: list[int]
    """With teacher-forced inputs: what this layer's own rounding flips."""
    end_to_end_mismatch: list[int]
    """In the free-running network: flips cascade."""


@dataclass(frozen=True, slots=True)
class Float32Proof:
    """What rounding does in float32."""

    samples: int
    agreement: int
    """Samples whose predicted class is the same."""
    max_abs_logit_diff: float
    smallest_margin: float
    """Smallest |u - v_threshold| in the folded network."""
    layers: list[LayerMismatch]


@dataclass(frozen=True, slots=True)
class Proof:
    """Both halves of the proof."""

    samples: int
    float64: Float64Proof
    float32: Float32Proof

    @property
    def verdict(self) -> str:
        """exact: all float32 predictions agree as well; bounded: the flips are listed."""
        agree = self.float32.agreement == self.samples
        return "exact" if agree else "bounded"


@torch.no_grad()
def prove(network: nn.Module, folded: FoldedNet, images: Tensor) -> Proof:
    """Runs the trained and the folded network on the same samples and compares every spike.

    Args:
        network: trained, in eval mode, float32.
        folded: what `fold` made of it, float64.
        images: [N, C, H, W], real samples.

    Raises:
        CertificateError: if they differ in float64; then there is no certificate and no model.
    """
    if any(module.training for module in network.modules()):
        raise CertificateError("the trained network is in train mode; call network.eval() first")
    if len(images) == 0:
        raise CertificateError("a proof needs at least one sample")
    float64 = _prove_float64(copy.deepcopy(network).double(), folded, images.double())
    if not float64.exact:
        raise CertificateError(
            f"the folded network is not the trained one: in float64 {float64.mismatches} "
            f"of {float64.spikes} spikes differ, currents by up to "
            f"{float64.max_abs_current_diff:.3g}, "
            f"logits by up to {float64.max_abs_logit_diff:.3g}, "
            f"binary spikes: {'yes' if float64.binary else 'no'}"
        )
    float32 = compare_float32(network, copy.deepcopy(folded).float(), images.float())
    return Proof(len(images), float64, float32)


@dataclass(frozen=True, slots=True)
class Recording:
    """What the neuron layers of a trained network did in its newest forward pass."""

    currents: dict[str, Tensor] = field(default_factory=dict)
    """Layer to input currents [T*N, ...]."""
    spikes: dict[str, Tensor] = field(default_factory=dict)
    """Layer to spikes [T*N, ...]."""


@contextmanager
def recorded(network: nn.Module) -> Iterator[Recording]:
    """A recording that each forward pass fills anew."""
    recording = Recording()

    def keep(name: str, module: LIF) -> RemovableHandle:
        def hook(_module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
            recording.currents[name] = inputs[0]
            recording.spikes[name] = output

        return module.register_forward_hook(hook)

    handles = [keep(name, module) for name, module in _neurons(network)]
    try:
        yield recording
    finally:
        for handle in handles:
            handle.remove()


def _prove_float64(network: nn.Module, folded: FoldedNet, images: Tensor) -> Float64Proof:
    total, mismatches, binary = 0, 0, True
    current_gap, logit_gap = 0.0, 0.0
    ternary = {name for name, lif in _neurons(network) if lif.dynamics.spike == "ternary"}
    with recorded(network) as trained:
        for chunk in images.split(CHUNK):
            logits = network(chunk)
            trace = folded.trace(chunk)
            _require_same_layers(set(trained.spikes), set(trace.spikes))
            for name, spikes in trace.spikes.items():
                total += spikes.numel()
                mismatches += int((spikes != trained.spikes[name]).sum())
                binary = binary and _in_alphabet(spikes, ternary=name in ternary)
                gap = _largest_gap(trace.currents[name], trained.currents[name])
                current_gap = max(current_gap, gap)
            logit_gap = max(logit_gap, _largest_gap(trace.logits, logits))
    return Float64Proof(total, mismatches, current_gap, logit_gap, binary)


def _in_alphabet(spikes: Tensor, *, ternary: bool) -> bool:
    size = spikes.abs() if ternary else spikes
    return bool(((size == 0) | (size == 1)).all())


def _largest_gap(left: Tensor, right: Tensor) -> float:
    return float((left - right).abs().max().nan_to_num(nan=float("inf")))


def _require_same_layers(trained: set[str], folded: set[str]) -> None:
    if trained != folded:
        odd = ", ".join(sorted(trained ^ folded))
        raise CertificateError(f"the two networks have different neuron layers: {odd}")


@torch.no_grad()
def compare_float32(network: nn.Module, folded: FoldedNet, images: Tensor) -> Float32Proof:
    """Where rounding flips spikes: each layer alone (teacher-forced) and end to end.

    Args:
        network: trained, in eval mode, float32.
        folded: its fold in float32.
        images: [N, C, H, W].
    """
    agreement, difference, margin = 0, 0.0, float("inf")
    layers: dict[str, LayerMismatch] = {}
    steps = {name: module.num_timesteps for name, module in _neurons(network)}
    with recorded(network) as trained:
        for chunk in images.split(CHUNK):
            logits = network(chunk)
            free = folded.trace(chunk)
            taught = folded.trace(chunk, forced=trained.spikes)
            agreement += int((logits.argmax(1) == free.logits.argmax(1)).sum())
            difference = max(difference, _largest_gap(logits, free.logits))
            margin = min(margin, free.smallest_margin)
            for name, spikes in free.spikes.items():
                flips = _flips(spikes, trained.spikes[name], steps[name])
                local = _flips(taught.spikes[name], trained.spikes[name], steps[name])
                entry = layers.setdefault(
                    name, LayerMismatch(name, 0, [0] * steps[name], [0] * steps[name])
                )
                entry.neurons += spikes.numel() // steps[name]
                entry.local_mismatch = _sum(entry.local_mismatch, local)
                entry.end_to_end_mismatch = _sum(entry.end_to_end_mismatch, flips)
    return Float32Proof(len(images), agreement, difference, margin, list(layers.values()))


def _neurons(network: nn.Module) -> Iterator[tuple[str, LIF]]:
    for name, module in network.named_modules():
        if isinstance(module, LIF):
            yield name, module


def _flips(spikes: Tensor, reference: Tensor, steps: int) -> list[int]:
    differs = (spikes != reference).unflatten(0, (steps, -1))
    return [int(count) for count in differs.flatten(1).sum(1)]


def _sum(left: list[int], right: list[int]) -> list[int]:
    return [a + b for a, b in zip(left, right, strict=True)]
