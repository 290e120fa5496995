from __future__ import annotations

import pytest
import torch
from torch import nn

from rscore.amplitude import Amplitude
from rscore.networks.layers import (
    Connect,
    ConnectKind,
    FlattenTime,
    Normalize,
    Pooled,
    RepeatTime,
    TimeMean,
    conv_bn,
    encode,
    make_neuron,
    spike_layer,
)
from rscore.neurons import LIF
from rscore.plans import strided
from rscore.spec import RunSpec


def test_normalize_by_channel() -> None:
    module = Normalize((0.5, 0.2), (0.25, 0.1))
    x = torch.tensor([0.75, 0.1]).view(1, 2, 1, 1).expand(1, 2, 3, 3)
    out = module(x)
    assert torch.allclose(out[0, 0], torch.ones(3, 3))
    assert torch.allclose(out[0, 1], -torch.ones(3, 3))


def test_repeat_gives_every_step_the_same_current_step_by_step() -> None:
    x = torch.randn(2, 3, 4, 4)
    out = RepeatTime(3)(x)
    assert torch.equal(out.unflatten(0, (3, 2)), x.expand(3, -1, -1, -1, -1))


def test_repeat_stays_channels_last() -> None:
    x = torch.randn(2, 3, 4, 4).to(memory_format=torch.channels_last)
    assert RepeatTime(3)(x).is_contiguous(memory_format=torch.channels_last)


def test_frames_are_sorted_by_time() -> None:
    frames = torch.randn(2, 3, 2, 4, 4)
    out = FlattenTime(3)(frames)
    for t in range(3):
        for n in range(2):
            assert torch.equal(out[t * 2 + n], frames[n, t])


def test_mean_over_time() -> None:
    steps = torch.randn(3, 2, 5)
    assert torch.allclose(TimeMean(3)(steps.flatten(0, 1)), steps.mean(0))


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("add", [0, 1, 1, 2]), ("and", [0, 0, 0, 1]), ("iand", [0, 1, 0, 0])],
)
def test_connections_of_spikes(kind: ConnectKind, expected: list[int]) -> None:
    s, x = torch.tensor([0.0, 0.0, 1.0, 1.0]), torch.tensor([0.0, 1.0, 0.0, 1.0])
    assert Connect(kind)(s, x).tolist() == expected


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("kernel", [1, 3, 7])
@pytest.mark.parametrize("size", [1, 4, 7, 16, 17])
def test_sizes_behind_a_convolution(size: int, kernel: int, stride: int) -> None:
    out = conv_bn(2, 3, kernel, stride).eval()(torch.randn(1, 2, size, size))
    assert out.shape == (1, 3, strided(size, stride), strided(size, stride))


def test_the_first_current_of_an_image_is_computed_once() -> None:
    spec = RunSpec(num_timesteps=3)
    seen: list[int] = []
    first = conv_bn(1, 2)
    first[0].register_forward_hook(lambda module, inputs, output: seen.append(len(output)))
    layers = encode(spec, Normalize((0.5,), (0.5,)), first)
    assert layers(torch.rand(4, 1, 8, 8)).shape == (12, 2, 8, 8)
    assert seen == [4]


def test_every_frame_of_a_recording_has_its_own_current() -> None:
    spec = RunSpec(dataset="n-mnist", num_timesteps=3)
    layers = encode(spec, nn.Identity(), conv_bn(2, 2)).eval()
    frames = torch.rand(4, 3, 2, 34, 34)
    out = layers(frames).unflatten(0, (3, 4))
    frames[:, 1] = 0
    changed = layers(frames).unflatten(0, (3, 4))
    assert torch.equal(out[0], changed[0])
    assert torch.equal(out[2], changed[2])
    assert not torch.equal(out[1], changed[1])


def test_a_neuron_has_every_constant_of_the_spec() -> None:
    spec = RunSpec(
        num_timesteps=5,
        decay=0.75,
        v_threshold=0.3,
        surrogate="atan",
        surrogate_width=2.0,
        reset="soft",
        detach_reset=True,
        spike="ternary",
    )
    neuron = make_neuron(spec, 3)
    dynamics = neuron.dynamics
    assert type(neuron) is LIF
    assert (neuron.num_timesteps, neuron.decay_value()) == (5, 0.75)
    assert (dynamics.v_threshold, dynamics.surrogate, dynamics.surrogate_width) == (0.3, "atan", 2)
    assert (dynamics.reset, dynamics.detach_reset, dynamics.spike) == ("soft", True, "ternary")


def test_binary_networks_have_no_amplitude() -> None:
    layer = spike_layer(RunSpec(granularity="binary"), (3, 4, 4))
    assert [type(module) for module in layer] == [LIF, nn.Identity]


@pytest.mark.parametrize(
    ("pooling", "types", "shape"),
    [
        ("average", [LIF, Amplitude, nn.AvgPool2d], (3, 7, 5)),
        ("max", [LIF, nn.MaxPool2d, Amplitude], (3, 3, 2)),
    ],
)
def test_the_amplitude_stands_behind_a_max_pool(
    pooling: str, types: list[type[nn.Module]], shape: tuple[int, ...]
) -> None:
    layer = Pooled(RunSpec(granularity="element", pooling=pooling), (3, 7, 5))
    assert [type(module) for module in layer] == types
    (amplitude,) = (module for module in layer if isinstance(module, Amplitude))
    assert amplitude.value.shape == shape
    assert layer(torch.randn(8, 3, 7, 5)).shape == (8, 3, 3, 2)
