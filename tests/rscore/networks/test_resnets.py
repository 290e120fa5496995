from __future__ import annotations

import pytest
import torch
from torch import nn

from rscore.amplitude import Amplitude
from rscore.networks import build_network
from rscore.networks.resnets import Block
from rscore.spec import NetworkName, RunSpec
from tests.support.networks import sample_images


def amplitude_shapes(network: nn.Module) -> list[tuple[int, ...]]:
    return [tuple(m.value.shape) for m in network.modules() if isinstance(m, Amplitude)]


def blocks_of(network: nn.Module) -> list[Block]:
    return [module for module in network.modules() if isinstance(module, Block)]


def test_element_wise_amplitudes_of_resnet20() -> None:
    spec = RunSpec(dataset="mnist", network="resnet20", width=2, granularity="element")
    stages = [(2, 28, 28)] * 7 + [(4, 14, 14)] * 6 + [(8, 7, 7)] * 6
    assert amplitude_shapes(build_network(spec)) == stages


def test_the_modified_stem_pools_before_its_last_amplitude() -> None:
    spec = RunSpec(dataset="mnist", network="resnet20-modified", width=2, granularity="element")
    stem = [(2, 28, 28)] * 2 + [(2, 14, 14)]
    stages = [(2, 14, 14)] * 4 + [(4, 7, 7)] * 4 + [(8, 4, 4)] * 4 + [(16, 2, 2)] * 4
    assert amplitude_shapes(build_network(spec)) == stem + stages


@pytest.mark.parametrize(
    ("network_name", "blocks", "widths"),
    [
        ("resnet20", 9, [16, 32, 64]),
        ("resnet19", 8, [128, 256, 512]),
        ("resnet20-modified", 8, [64, 128, 256, 512]),
    ],
)
def test_blocks_and_widths(network_name: NetworkName, blocks: int, widths: list[int]) -> None:
    with torch.device("meta"):
        network = build_network(RunSpec(dataset="cifar10", network=network_name))
    found = blocks_of(network)
    assert len(found) == blocks
    assert sorted({block.conv2.get_parameter("0.weight").shape[0] for block in found}) == widths
    assert sum(not isinstance(block.shortcut, nn.Identity) for block in found) == len(widths) - 1


def test_a_block_adds_currents_before_its_neuron() -> None:
    """With its branch silenced, a block sends on exactly what its shortcut alone excites."""
    torch.manual_seed(0)
    network = build_network(RunSpec(dataset="cifar10", network="resnet20", width=4)).eval()
    for block in blocks_of(network):
        nn.init.zeros_(block.conv2.get_parameter("1.weight"))
        x = torch.randn(8, block.conv1.get_parameter("0.weight").shape[1], 6, 6)
        assert torch.equal(block(x), block.spike2(block.shortcut(x)))


def test_at_first_only_the_shortcuts_of_the_modified_network_conduct() -> None:
    spec = RunSpec(dataset="cifar10", network="resnet20-modified", width=4, num_timesteps=2)
    network = build_network(spec)
    assert not any(block.conv2.get_parameter("1.weight").any() for block in blocks_of(network))
    assert network(sample_images(spec, 4)).isfinite().all()


@pytest.mark.parametrize(("size", "averaged"), [(32, 3), (34, 0), (36, 1), (28, 2)])
def test_shortcuts_average_where_the_map_is_even(size: int, averaged: int) -> None:
    spec = RunSpec(dataset="cifar10", network="resnet20-modified", width=2, image_size=size)
    found = blocks_of(build_network(spec))
    pools = [m for block in found for m in block.shortcut.modules() if isinstance(m, nn.AvgPool2d)]
    assert len(pools) == averaged
