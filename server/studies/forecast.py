"""What a run will cost, before it is queued: counted from its spec, or taken from finished runs.

Every number is an estimate and says what it rests on. Operations and memory are counted; how much
of a network fires and how long a training takes is known from finished runs alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from rscore.footprint import Footprint, Rates, footprint
from rscore.spec import RunSpec

ASSUMED_RATES = (0.05, 0.4)
"""Firing rates where no finished run tells them; trained networks of these families lie between."""
MOST_RUNS = 10
"""Finished runs, newest first, that an estimate rests on."""
_RATE = "firing_rate/"


@dataclass(frozen=True, slots=True)
class Past:
    """A finished run: what it was, what it measured, how long it took and where."""

    spec: RunSpec
    summary: Mapping[str, float]
    seconds: float
    """From its start to its end, folding and exports included."""
    device: str


@dataclass(frozen=True, slots=True)
class Span:
    """From the lowest to the highest value that is likely; both are one where it is known."""

    low: float
    high: float

    @classmethod
    def over(cls, values: Sequence[float]) -> Span:
        """The span of some values."""
        return cls(min(values), max(values))

    @property
    def middle(self) -> float:
        """What is halfway."""
        return (self.low + self.high) / 2


@dataclass(frozen=True, slots=True)
class Estimate:
    """What one run is likely to need; operations and spikes are of one sample in all its steps."""

    parameters: Span
    neurons: Span
    macs: Span
    synops: Span
    spikes: Span
    firing_rate: Span
    memory_bytes: Span
    seconds: Span | None
    """None until a run of the kind has finished."""
    basis: list[str]
    """What the estimates rest on, for a person."""


def estimate(spec: RunSpec, history: Sequence[Past]) -> Estimate:
    """The estimate of a run.

    Args:
        spec: the run.
        history: finished runs of its data set, network and time steps, newest first.
    """
    alike, likeness = _most_alike(spec, history)
    low, high = (footprint(spec, rate) for rate in _rates(alike))
    seconds = _seconds(spec, alike)
    return Estimate(
        parameters=Span(low.parameters, high.parameters),
        neurons=Span(low.neurons, high.neurons),
        macs=Span(low.macs, high.macs),
        synops=Span(*sorted((low.synops, high.synops))),
        spikes=Span(low.spikes, high.spikes),
        firing_rate=Span(*(_rate(spec, found) for found in (low, high))),
        memory_bytes=Span(low.training_bytes, high.training_bytes),
        seconds=seconds,
        basis=_basis(alike, likeness),
    )


def spanning(estimates: Sequence[Estimate]) -> Estimate:
    """One estimate that covers others; `estimates` is not empty."""

    def over(of: Callable[[Estimate], Span]) -> Span:
        spans = [of(each) for each in estimates]
        return Span(min(span.low for span in spans), max(span.high for span in spans))

    timed = [each.seconds for each in estimates if each.seconds is not None]
    return Estimate(
        parameters=over(lambda each: each.parameters),
        neurons=over(lambda each: each.neurons),
        macs=over(lambda each: each.macs),
        synops=over(lambda each: each.synops),
        spikes=over(lambda each: each.spikes),
        firing_rate=over(lambda each: each.firing_rate),
        memory_bytes=over(lambda each: each.memory_bytes),
        seconds=Span(min(s.low for s in timed), max(s.high for s in timed))
        if len(timed) == len(estimates)
        else None,
        basis=list(dict.fromkeys(text for each in estimates for text in each.basis)),
    )


def altogether(estimates: Sequence[Estimate], *, times: int, slots: int) -> Span | None:
    """Wall time of every run `times` over on so many slots; None while one of them is unknown.

    Not less than the longest run takes, and nothing is stopped early.
    """
    spans = [each.seconds for each in estimates if each.seconds is not None]
    if not spans or len(spans) < len(estimates):
        return None
    at_once = max(1, min(slots, times * len(spans)))

    def total(values: list[float]) -> float:
        return max(sum(values) * times / at_once, max(values))

    return Span(total([span.low for span in spans]), total([span.high for span in spans]))


def _most_alike(spec: RunSpec, history: Sequence[Past]) -> tuple[list[Past], str]:
    """The newest runs of those that resemble the spec most, and in what."""
    fields = {name: getattr(spec, name) for name in type(spec).model_fields if name != "seed"}
    kinds: tuple[tuple[str, Callable[[RunSpec], bool]], ...] = (
        (
            "the same but for their seed",
            lambda past: all(getattr(past, name) == value for name, value in fields.items()),
        ),
        (
            "the same network at the same size and granularity",
            lambda past: _shape(past) == _shape(spec) and past.granularity == spec.granularity,
        ),
        ("the same network at the same size", lambda past: _shape(past) == _shape(spec)),
        ("this network family, data set and T at another size", lambda _: True),
    )
    for likeness, fits in kinds:
        found = [past for past in history if fits(past.spec)]
        if found:
            same_device = [past for past in found if past.device == found[0].device]
            return same_device[:MOST_RUNS], likeness
    return [], ""


def _shape(spec: RunSpec) -> tuple[object, ...]:
    return (spec.first_width, spec.size, spec.pooling, spec.sew_connect)


def _rates(alike: Sequence[Past]) -> tuple[Rates, Rates]:
    """The lowest and the highest firing rate of each layer."""
    by_layer: dict[str, list[float]] = {}
    for past in alike:
        for name, value in past.summary.items():
            if name.startswith(_RATE):
                by_layer.setdefault(name.removeprefix(_RATE), []).append(value)

    def bound(pick: Callable[[Sequence[float]], float], assumed: float) -> Rates:
        return lambda name: pick(by_layer[name]) if name in by_layer else assumed

    return bound(min, ASSUMED_RATES[0]), bound(max, ASSUMED_RATES[1])


def _rate(spec: RunSpec, found: Footprint) -> float:
    """Share of all (neuron, time step) pairs with a spike."""
    return found.spikes / (found.neurons * spec.num_timesteps)


def _seconds(spec: RunSpec, alike: Sequence[Past]) -> Span | None:
    timed = [_scaled_seconds(spec, past) for past in alike if "epoch_seconds" in past.summary]
    return Span.over(timed) if timed else None


def _scaled_seconds(spec: RunSpec, past: Past) -> float:
    """A finished run's time, its epochs scaled by number, samples and operations.

    What it took beside its epochs - to start, fold, prove and export - is taken over as it is.
    """
    one_epoch = past.summary["epoch_seconds"]
    beside = max(0.0, past.seconds - one_epoch * past.spec.epochs)
    return beside + one_epoch * spec.epochs * _work(spec) / _work(past.spec)


def _work(spec: RunSpec) -> float:
    """Operations of one epoch if every value counted: its test pass is a third of a training's."""
    samples = (spec.train_samples or spec.data.train) + (spec.test_samples or spec.data.test) / 3
    return samples * footprint(spec, lambda _: 0.0).dense


def _basis(alike: Sequence[Past], likeness: str) -> list[str]:
    counted = (
        "parameters, neurons and MACs are counted; memory is about that of the training's tensors "
        "on the CPU, beside 0.35 GB of the process and the data set"
    )
    if not alike:
        low, high = (f"{100 * rate:g}" for rate in ASSUMED_RATES)
        return [
            counted,
            f"spikes and SynOps assume that {low} to {high} % of the neurons fire at a step, as no "
            "run of this network, data set and T has finished; until one has, the time is unknown",
        ]
    runs = "1 finished run" if len(alike) == 1 else f"{len(alike)} finished runs"
    return [
        counted,
        f"spikes, SynOps and time follow from {runs} on {alike[0].device}, {likeness}",
    ]
