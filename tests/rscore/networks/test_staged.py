from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from rscore.networks import build_network
from rscore.networks.staged import Place, residual_places
from rscore.spec import NetworkName, RunSpec


def test_places_of_basic_blocks() -> None:
    assert residual_places((2, 1), width=4, size=17) == [
        [Place(4, 4, 4, 17, 1), Place(4, 4, 4, 17, 1)],
        [Place(4, 8, 8, 17, 2)],
    ]


def test_places_of_bottlenecks() -> None:
    assert residual_places((2, 2), width=4, size=8, expansion=4) == [
        [Place(4, 4, 16, 8, 1), Place(16, 4, 16, 8, 1)],
        [Place(16, 8, 32, 8, 2), Place(32, 8, 32, 4, 1)],
    ]


@pytest.mark.parametrize(
    ("place", "shape", "reshapes"),
    [
        (Place(4, 4, 4, 17, 1), (4, 17, 17), False),
        (Place(4, 4, 16, 17, 1), (16, 17, 17), True),
        (Place(4, 8, 8, 17, 2), (8, 9, 9), True),
    ],
)
def test_what_a_place_asks_for(place: Place, shape: tuple[int, ...], reshapes: bool) -> None:
    assert place.shape == shape
    assert place.reshapes is reshapes


@pytest.mark.parametrize("network_name", ["vgg16", "resnet20", "sew-resnet18"])
def test_kernels_start_with_the_spread_of_he(network_name: NetworkName) -> None:
    torch.manual_seed(0)
    network = build_network(RunSpec(dataset="cifar10", network=network_name, width=16))
    kernels = [m for m in network.modules() if isinstance(m, nn.Conv2d) and m.weight.numel() > 4000]
    assert kernels
    for conv in kernels:
        fan_out = conv.out_channels * conv.kernel_size[0] * conv.kernel_size[1]
        assert float(conv.weight.detach().std()) == pytest.approx(math.sqrt(2 / fan_out), rel=0.05)
