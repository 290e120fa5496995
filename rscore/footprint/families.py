"""The network families as sketches, each layer under its name in the built network."""

from __future__ import annotations

from rscore.footprint.sketch import Map, Rates, Sketch
from rscore.plans import BLOCKS, CHAINS, EXPANSIONS, LARGE_SIZE, Place, residual_places
from rscore.spec import RunSpec


def draw(spec: RunSpec, rate: Rates) -> Sketch:
    """The network of a spec, drawn to its last layer."""
    sketch = Sketch(spec, rate)
    if spec.network == "small-conv":
        _small_conv(sketch)
    elif spec.network in CHAINS:
        _chain(sketch)
    elif spec.network.startswith("sew-"):
        _sew(sketch)
    elif spec.network == "resnet20-modified":
        _modified(sketch)
    else:
        _resnet(sketch)
    return sketch


def _small_conv(sketch: Sketch) -> None:
    width = sketch.spec.first_width
    x = sketch.pooled_spikes("stage1", sketch.first_currents(width))
    x = sketch.pooled_spikes("stage2", sketch.conv(x, 2 * width), first=2)
    sketch.flat_readout(x)


def _chain(sketch: Sketch) -> None:
    spec = sketch.spec
    plan, width = CHAINS[spec.network], spec.first_width
    x = sketch.spike_layer("stem", sketch.first_currents(width))
    for number, stage in enumerate(plan):
        place = 0
        for index, multiple in enumerate(stage):
            current = sketch.conv(x, width * multiple)
            name, neuron = f"body.{number}", place + 2
            if index + 1 == len(stage) and number + 1 < len(plan):
                x = sketch.pooled_spikes(name, current, first=neuron)
            else:
                x = sketch.amplitude(sketch.neuron(f"{name}.{neuron}", current))
            place += 4
    sketch.readout(x)


def _resnet(sketch: Sketch) -> None:
    spec = sketch.spec
    x = sketch.spike_layer("stem", sketch.first_currents(spec.first_width))
    _stages(sketch, x, spec.size, averaged=False)


def _modified(sketch: Sketch) -> None:
    width = sketch.spec.first_width
    x = sketch.spike_layer("stem.0", sketch.first_currents(width))
    x = sketch.spike_layer("stem.2", sketch.conv(x, width))
    x = sketch.average_pool(sketch.neuron("stem.4", sketch.conv(x, width)))
    _stages(sketch, sketch.amplitude(x), x.size, averaged=True)


def _stages(sketch: Sketch, x: Map, size: int, *, averaged: bool) -> None:
    spec = sketch.spec
    for number, stage in enumerate(
        residual_places(BLOCKS[spec.network], width=spec.first_width, size=size)
    ):
        for index, place in enumerate(stage):
            name = f"body.{number}.{index}"
            inner = sketch.spike_layer(
                f"{name}.spike1", sketch.conv(x, place.outputs, stride=place.stride)
            )
            current = sketch.conv(inner, place.outputs)
            shortcut = _shortcut(sketch, x, place, averaged=averaged)
            x = sketch.spike_layer(f"{name}.spike2", sketch.add_currents(current, shortcut))
    sketch.readout(x)


def _shortcut(sketch: Sketch, x: Map, place: Place, *, averaged: bool) -> Map:
    if not place.reshapes:
        return x
    if averaged and place.stride > 1 and place.size % place.stride == 0:
        return sketch.conv(sketch.average_pool(x, place.stride), place.outputs, kernel=1)
    return sketch.conv(x, place.outputs, kernel=1, stride=place.stride)


def _sew(sketch: Sketch) -> None:
    spec = sketch.spec
    width = spec.first_width
    if spec.size >= LARGE_SIZE:
        spikes = sketch.neuron("stem.0", sketch.first_currents(width, kernel=7, stride=2))
        x = sketch.amplitude(sketch.max_pool(spikes, kernel=3, keeps_border=True))
    else:
        x = sketch.spike_layer("stem", sketch.first_currents(width))
    expansion = EXPANSIONS.get(spec.network, 1)
    for number, stage in enumerate(
        residual_places(BLOCKS[spec.network], width=width, size=x.size, expansion=expansion)
    ):
        for index, place in enumerate(stage):
            x = _sew_block(sketch, x, place, f"body.{number}.{index}")
    sketch.readout(x)


def _sew_block(sketch: Sketch, x: Map, place: Place, name: str) -> Map:
    spikes = _joined(sketch, f"{name}.spike", _residual(sketch, x, place, f"{name}.residual"))
    shortcut = x
    if place.reshapes:
        current = sketch.conv(x, place.outputs, kernel=1, stride=place.stride)
        shortcut = _joined(sketch, f"{name}.shortcut.2", current)
    joined = sketch.connect(spikes, shortcut)
    return joined if sketch.spec.sew_connect == "add" else sketch.amplitude(joined)


def _residual(sketch: Sketch, x: Map, place: Place, name: str) -> Map:
    inner = place.inner
    if inner == place.outputs:
        behind = sketch.spike_layer(f"{name}.2", sketch.conv(x, inner, stride=place.stride))
        return sketch.conv(behind, inner)
    before = sketch.spike_layer(f"{name}.2", sketch.conv(x, inner, kernel=1))
    behind = sketch.spike_layer(f"{name}.5", sketch.conv(before, inner, stride=place.stride))
    return sketch.conv(behind, place.outputs, kernel=1)


def _joined(sketch: Sketch, name: str, current: Map) -> Map:
    """Spikes that enter a connection: with an amplitude of their own only where they are added."""
    if sketch.spec.sew_connect == "add":
        return sketch.spike_layer(name, current)
    return sketch.neuron(name, current)
