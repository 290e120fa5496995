from __future__ import annotations

from typing import get_args

import pytest
import torch
from torch import nn

from rscore.amplitude import Amplitude
from rscore.networks import build_network
from rscore.neurons import LIF
from rscore.spec import Granularity, RunSpec
from tests.support.networks import sample_images

GRANULARITIES = get_args(Granularity)


def amplitude_shapes(network: nn.Module) -> list[tuple[int, ...]]:
    return [tuple(m.value.shape) for m in network.modules() if isinstance(m, Amplitude)]


@pytest.mark.parametrize("granularity", GRANULARITIES)
@pytest.mark.parametrize(
    "fields",
    [
        {"width": 4},
        {"width": 4, "pooling": "max"},
        {"dataset": "fashion-mnist", "width": 2},
        {"dataset": "mnist", "width": 2, "network": "resnet20", "num_timesteps": 2},
    ],
    ids=["digits", "max", "fashion", "resnet20"],
)
def test_images_to_logits_and_every_parameter_learns(
    fields: dict[str, object], granularity: Granularity
) -> None:
    spec = RunSpec(granularity=granularity, **fields)
    network = build_network(spec)
    logits = network(sample_images(spec, 3))
    assert logits.shape == (3, 10)
    logits.square().sum().backward()
    assert all(parameter.grad is not None for parameter in network.parameters())
    neurons = sum(isinstance(module, LIF) for module in network.modules())
    assert len(amplitude_shapes(network)) == (0 if granularity == "binary" else neurons)


@pytest.mark.parametrize(
    ("granularity", "pooling", "shapes"),
    [
        ("binary", "average", []),
        ("layer", "average", [(1, 1, 1), (1, 1, 1)]),
        ("channel", "average", [(4, 1, 1), (8, 1, 1)]),
        ("element", "average", [(4, 8, 8), (8, 4, 4)]),
        ("element", "max", [(4, 4, 4), (8, 2, 2)]),
    ],
)
def test_amplitude_shapes_of_small_conv(
    granularity: Granularity, pooling: str, shapes: list[tuple[int, ...]]
) -> None:
    network = build_network(RunSpec(width=4, granularity=granularity, pooling=pooling))
    assert amplitude_shapes(network) == shapes


def test_amplitude_shapes_of_resnet20() -> None:
    spec = RunSpec(dataset="mnist", network="resnet20", width=2, granularity="element")
    shapes = amplitude_shapes(build_network(spec))
    stage = [(2, 28, 28)] * 7 + [(4, 14, 14)] * 6 + [(8, 7, 7)] * 6
    assert shapes == stage


def test_fresh_amplitudes_change_nothing() -> None:
    outputs = []
    for granularity in GRANULARITIES:
        torch.manual_seed(0)
        spec = RunSpec(width=4, granularity=granularity)
        network = build_network(spec).eval()
        torch.manual_seed(1)
        outputs.append(network(sample_images(spec, 5)))
    assert all(torch.equal(output, outputs[0]) for output in outputs)


def test_weights_follow_the_random_state() -> None:
    networks = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        networks.append(build_network(RunSpec(width=4)).state_dict())
    first, same, other = networks
    assert all(torch.equal(first[name], same[name]) for name in first)
    assert not torch.equal(first["encode.1.weight"], other["encode.1.weight"])
