"""The proof of a fold: both networks on real samples, spike for spike, in float64 and float32."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from rscore.errors import CertificateError
from rscore.folding.net import Firing, FoldedNet
from rscore.folding.neuron_check import neuron_difference
from rscore.folding.recording import Recording, recorded

CHUNK_BYTES = 48 * 2**20
"""Currents and spikes of the trained network that are held at once."""
MOST_SAMPLES = 64
"""Samples that are run at once at most."""
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
        images: [N, C, H, W] (or event frames [N, T, C, H, W]), real samples.

    Raises:
        CertificateError: if they differ in float64; then there is no certificate and no model.
    """
    if any(module.training for module in network.modules()):
        raise CertificateError("the trained network is in train mode; call network.eval() first")
    if len(images) == 0:
        raise CertificateError("a proof needs at least one sample")
    float64 = _prove_float64(copy.deepcopy(network).double(), folded, images)
    if float64.spikes == 0:
        raise CertificateError("a proof needs neurons, but the network has none")
    if not float64.exact:
        raise CertificateError(
            f"the folded network is not the trained one: in float64 {float64.mismatches} "
            f"of {float64.spikes} spikes differ, currents by up to "
            f"{float64.max_abs_current_diff:.3g}, "
            f"logits by up to {float64.max_abs_logit_diff:.3g}, "
            f"spikes of their alphabet: {'yes' if float64.binary else 'no'}"
        )
    float32 = compare_float32(network, copy.deepcopy(folded).float(), images)
    return Proof(len(images), float64, float32)


def _prove_float64(network: nn.Module, folded: FoldedNet, images: Tensor) -> Float64Proof:
    with recorded(network) as trained:
        comparison = _Comparison(trained)
        for chunk in images.split(_samples_at_once(network, trained, images[:1].double())):
            logits = network(chunk.double())
            traced = folded.watch(chunk.double(), comparison.see)
            comparison.finish()
            comparison.logit_gap = max(comparison.logit_gap, _largest_gap(traced, logits))
    return Float64Proof(
        comparison.total,
        comparison.mismatches,
        comparison.current_gap,
        comparison.logit_gap,
        comparison.binary,
    )


@dataclass(slots=True)
class _Comparison:
    """Each firing of the folded network against the recording of the trained one."""

    trained: Recording
    total: int = 0
    mismatches: int = 0
    current_gap: float = 0.0
    logit_gap: float = 0.0
    binary: bool = True

    def see(self, firing: Firing) -> None:
        """One layer; what was recorded of it is let go."""
        name, spikes = firing.layer, firing.spikes
        if name not in self.trained.spikes:
            raise CertificateError(f"only the folded network has a neuron layer {name!r}")
        neuron = self.trained.neurons.pop(name)
        difference = neuron_difference(firing.op, neuron)
        if difference:
            raise CertificateError(
                f"the folded network is not the trained one: neuron layer {name!r}: {difference}"
            )
        ternary = neuron.dynamics.spike == "ternary"
        gap = _largest_gap(firing.current, self.trained.currents.pop(name))
        self.current_gap = max(self.current_gap, gap)
        self.mismatches += int((spikes != self.trained.spikes.pop(name)).sum())
        self.binary = self.binary and _in_alphabet(spikes, ternary=ternary)
        self.total += spikes.numel()

    def finish(self) -> None:
        """The end of a pass: nothing recorded may be left."""
        if self.trained.spikes:
            odd = ", ".join(sorted(self.trained.spikes))
            raise CertificateError(f"the two networks have different neuron layers: {odd}")


def _in_alphabet(spikes: Tensor, *, ternary: bool) -> bool:
    size = spikes.abs() if ternary else spikes
    return bool(((size == 0) | (size == 1)).all())


def _samples_at_once(network: nn.Module, trained: Recording, sample: Tensor) -> int:
    """How many samples fit into CHUNK_BYTES, from a pass of one."""
    network(sample)
    kept = (*trained.currents.values(), *trained.spikes.values())
    one = sum(tensor.numel() * tensor.element_size() for tensor in kept)
    return max(1, min(MOST_SAMPLES, CHUNK_BYTES // max(one, 1)))


def _largest_gap(left: Tensor, right: Tensor) -> float:
    return float((left - right).abs().max().nan_to_num(nan=float("inf")))


@torch.no_grad()
def compare_float32(network: nn.Module, folded: FoldedNet, images: Tensor) -> Float32Proof:
    """Where rounding flips spikes: each layer alone (teacher-forced) and end to end.

    Args:
        network: trained, in eval mode, float32.
        folded: its fold in float32.
        images: [N, C, H, W] (or event frames [N, T, C, H, W]).
    """
    agreement, difference = 0, 0.0
    with recorded(network) as trained:
        flips = _Flips(trained)
        for chunk in images.split(_samples_at_once(network, trained, images[:1].float())):
            logits = network(chunk.float())
            free = folded.watch(chunk.float(), flips.see_free)
            folded.watch(chunk.float(), flips.see_taught, forced=trained.spikes)
            agreement += int((logits.argmax(1) == free.argmax(1)).sum())
            difference = max(difference, _largest_gap(logits, free))
    layers = list(flips.layers.values())
    return Float32Proof(len(images), agreement, difference, flips.margin, layers)


class _Flips:
    """Spikes of a folded network that differ from the recording, per layer and time step."""

    def __init__(self, trained: Recording) -> None:
        self.layers: dict[str, LayerMismatch] = {}
        self.margin = float("inf")
        self._trained = trained

    def see_free(self, firing: Firing) -> None:
        """One layer of the free-running network."""
        self.margin = min(self.margin, firing.op.margin(firing.membrane))
        layer, counted = self._layer(firing), self._count(firing)
        layer.neurons += firing.spikes.numel() // firing.op.num_timesteps
        layer.end_to_end_mismatch = _sum(layer.end_to_end_mismatch, counted)

    def see_taught(self, firing: Firing) -> None:
        """One layer whose inputs are the trained network's."""
        layer = self._layer(firing)
        layer.local_mismatch = _sum(layer.local_mismatch, self._count(firing))

    def _layer(self, firing: Firing) -> LayerMismatch:
        none = [0] * firing.op.num_timesteps
        return self.layers.setdefault(
            firing.layer, LayerMismatch(firing.layer, 0, none, list(none))
        )

    def _count(self, firing: Firing) -> list[int]:
        differs = firing.spikes != self._trained.spikes[firing.layer]
        by_step = differs.unflatten(0, (firing.op.num_timesteps, -1)).flatten(1)
        return [int(count) for count in by_step.sum(1)]


def _sum(left: list[int], right: list[int]) -> list[int]:
    return [a + b for a, b in zip(left, right, strict=True)]
