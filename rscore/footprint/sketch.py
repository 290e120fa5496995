"""A network drawn without torch: its maps, neurons, synapses and parameters, layer by layer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from rscore.plans import strided
from rscore.spec import RunSpec

Rates = Callable[[str], float]
"""Firing rate of a neuron layer, by its name in the built network."""


@dataclass(eq=False, slots=True)
class Map:
    """One sample's values [C, S, S] at each of `steps` time steps."""

    channels: int
    size: int
    steps: int
    events: float | None = None
    """Mean spikes that an element stands for at one step; None for analog values."""
    again: bool = False
    """Spikes that a training on a GPU computes again instead of keeping them."""

    @property
    def neurons(self) -> int:
        """Elements of one time step."""
        return self.channels * self.size**2

    @property
    def floats(self) -> int:
        """Elements of all time steps."""
        return self.neurons * self.steps


@dataclass(slots=True)
class Sketch:
    """What a network consists of and what one sample costs in it, while it is drawn.

    Each method draws a layer behind a map and answers the map behind that layer. The counts follow
    rscore/cost: operations at synapses alone, borders included, after folding.

    Args:
        spec: what is drawn.
        rate: firing rate of each neuron layer, the same at every place and time step.
    """

    spec: RunSpec
    rate: Rates
    parameters: int = 0
    neurons: dict[str, int] = field(default_factory=dict)
    """Neuron layer to its number of neurons."""
    spikes: float = 0.0
    """Of one sample, all time steps together, as the counts below."""
    macs: float = 0.0
    """Of layers that see analog values, zeros as well."""
    synops: float = 0.0
    """One for each spike and synapse it reaches."""
    dense: float = 0.0
    """What `macs` and `synops` would be together if every value counted: a measure of work."""
    kept: set[Map] = field(default_factory=set)
    """Maps that the backward pass needs."""
    largest: int = 0
    """Floats of the largest map."""

    def sample(self) -> Map:
        """What the first convolution sees: the image once, or the frames of a recording."""
        spec = self.spec
        steps = spec.num_timesteps if spec.data.kind == "events" else 1
        return Map(spec.data.channels, spec.size, steps)

    def first_currents(self, channels: int, kernel: int = 3, stride: int = 1) -> Map:
        """The first convolution with its BatchNorm, and the same current at each step."""
        current = self.conv(self.sample(), channels, kernel, stride)
        return self._made(Map(current.channels, current.size, self.spec.num_timesteps))

    def conv(self, x: Map, channels: int, kernel: int = 3, stride: int = 1) -> Map:
        """A convolution without bias that keeps the size (over the stride), and BatchNorm."""
        self.parameters += x.channels * channels * kernel**2 + 2 * channels
        self._count(x, x.channels * channels * _taps(x.size, kernel, stride) ** 2)
        self.kept.add(x)
        size = strided(x.size, stride)
        self.kept.add(self._made(Map(channels, size, x.steps)))  # BatchNorm's input
        return self._made(Map(channels, size, x.steps))

    def spike_layer(self, name: str, current: Map) -> Map:
        """Neurons and their amplitude in one."""
        spikes = self.neuron(f"{name}.0", current)
        self._amplitude_values(spikes)
        return spikes

    def neuron(self, name: str, current: Map) -> Map:
        """A neuron layer, which keeps its currents."""
        spec, rate = self.spec, self.rate(name)
        self.parameters += spec.learn_decay + 2 * current.channels * (spec.membrane_norm == "mpbn")
        self.neurons[name] = current.neurons
        self.spikes += rate * current.floats
        self.kept.add(current)
        return self._made(Map(current.channels, current.size, current.steps, rate, again=True))

    def amplitude(self, spikes: Map) -> Map:
        """An amplitude by itself."""
        if self.spec.granularity == "binary":
            return spikes
        self._amplitude_values(spikes)
        self.kept.add(spikes)
        return self._made(Map(spikes.channels, spikes.size, spikes.steps, spikes.events))

    def average_pool(self, x: Map, kernel: int = 2) -> Map:
        """An average pool, each of whose values stands for the spikes of its window."""
        self.kept.add(x)
        events = None if x.events is None else x.events * kernel**2
        return self._made(Map(x.channels, x.size // kernel, x.steps, events))

    def max_pool(self, x: Map, kernel: int = 2, *, keeps_border: bool = False) -> Map:
        """A max pool with stride 2: a spike where the window has one, independent of each other."""
        self.kept.add(x)
        size = strided(x.size, 2) if keeps_border else x.size // 2
        pooled = self._made(Map(x.channels, size, x.steps))
        self.kept.add(Map(2 * x.channels, size, x.steps))  # where each maximum was, as int64
        pooled.events = None if x.events is None else 1 - (1 - min(1.0, x.events)) ** kernel**2
        return pooled

    def pooled_spikes(self, name: str, current: Map, first: int = 0) -> Map:
        """Neurons, amplitude and 2x2 pool, in the order that the pool wants."""
        spikes = self.neuron(f"{name}.{first}", current)
        if self.spec.pooling == "max":
            return self.amplitude(self.max_pool(spikes))
        return self.average_pool(self.amplitude(spikes))

    def add_currents(self, current: Map, shortcut: Map) -> Map:
        """A current and a shortcut; scaled spikes on it pass a diagonal synapse."""
        if shortcut.events is not None and self.spec.granularity != "binary":
            self._count(shortcut, shortcut.neurons)
        return self._made(Map(current.channels, current.size, current.steps))

    def connect(self, s: Map, x: Map) -> Map:
        """Spikes joined as the spec says, taken as independent of each other."""
        one, two = s.events or 0.0, x.events or 0.0
        events = {"add": one + two, "and": one * two, "iand": (1 - one) * two}
        kind = self.spec.sew_connect
        if kind != "add":
            self.kept |= {s, x}
        return self._made(Map(s.channels, s.size, s.steps, events[kind]))

    def readout(self, x: Map) -> None:
        """The linear layer behind a global average pool."""
        classes = len(self.spec.data.classes)
        self.parameters += (x.channels + 1) * classes
        self._count(x, x.neurons * classes)
        self.kept.add(x)

    def flat_readout(self, x: Map) -> None:
        """The linear layer behind the whole map."""
        classes = len(self.spec.data.classes)
        self.parameters += (x.neurons + 1) * classes
        self._count(x, x.neurons * classes)
        self.kept.add(x)

    def _amplitude_values(self, spikes: Map) -> None:
        counts = {"binary": 0, "layer": 1, "channel": spikes.channels, "element": spikes.neurons}
        self.parameters += counts[self.spec.granularity]

    def _count(self, x: Map, synapses: int) -> None:
        self.dense += x.steps * synapses
        if x.events is None:
            self.macs += x.steps * synapses
        else:
            self.synops += x.steps * synapses * x.events

    def _made(self, made: Map) -> Map:
        self.largest = max(self.largest, made.floats)
        return made


def _taps(size: int, kernel: int, stride: int) -> int:
    """Pairs of output position and kernel offset that lie on a line of so many pixels."""
    pad = kernel // 2
    return sum(
        0 <= position * stride + offset - pad < size
        for position in range(strided(size, stride))
        for offset in range(kernel)
    )
