from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from rscore.amplitude import Amplitude
from rscore.errors import SpecError
from rscore.networks import build_network
from rscore.networks.sew_resnet import SEWBlock
from rscore.neurons import LIF
from rscore.spec import NetworkName, RunSpec, parse_spec
from tests.support.networks import lively_network, sample_images


def build(**fields: Any) -> nn.Module:
    settings = {"dataset": "cifar10", "network": "sew-resnet18", "width": 4, "image_size": 16}
    return build_network(RunSpec(**{**settings, **fields}))


def blocks_of(network: nn.Module) -> list[SEWBlock]:
    return [module for module in network.modules() if isinstance(module, SEWBlock)]


def count(network: nn.Module, kind: type[nn.Module]) -> int:
    return sum(isinstance(module, kind) for module in network.modules())


@pytest.mark.parametrize(
    ("network_name", "blocks", "convolutions", "shortcuts", "widths"),
    [
        ("sew-resnet18", 8, 17, 3, [64, 128, 256, 512]),
        ("sew-resnet34", 16, 33, 3, [64, 128, 256, 512]),
        ("sew-resnet50", 16, 49, 4, [256, 512, 1024, 2048]),
    ],
)
def test_blocks_and_widths(
    network_name: NetworkName, blocks: int, convolutions: int, shortcuts: int, widths: list[int]
) -> None:
    with torch.device("meta"):
        network = build(network=network_name, width=None)
    found = blocks_of(network)
    assert len(found) == blocks
    assert count(network, nn.Conv2d) == convolutions + shortcuts
    assert sum(not isinstance(block.shortcut, nn.Identity) for block in found) == shortcuts
    outputs = [[m for m in block.residual if isinstance(m, nn.Conv2d)][-1] for block in found]
    assert sorted({conv.out_channels for conv in outputs}) == widths


def test_added_spikes_have_an_amplitude_each() -> None:
    network = build(sew_connect="add")
    assert count(network, Amplitude) == count(network, LIF) == 1 + 8 * 2 + 3


@pytest.mark.parametrize("connect", ["and", "iand"])
def test_multiplied_spikes_have_one_amplitude_behind(connect: str) -> None:
    network = build(sew_connect=connect)
    assert count(network, LIF) == 1 + 8 * 2 + 3
    assert count(network, Amplitude) == 1 + 8 * 2
    for block in blocks_of(network):
        assert isinstance(block.spike, LIF)
        assert isinstance(block.amplitude, Amplitude)


@pytest.mark.parametrize(
    ("connect", "values"), [("add", {0.0, 1.0, 2.0}), ("and", {0.0, 1.0}), ("iand", {0.0, 1.0})]
)
def test_what_a_block_sends_when_nothing_scales(connect: str, values: set[float]) -> None:
    spec = RunSpec(
        dataset="cifar10",
        network="sew-resnet18",
        width=8,
        image_size=16,
        granularity="binary",
        sew_connect=connect,
    )
    network = lively_network(spec)
    sent: set[float] = set()
    first = blocks_of(network)[0]
    first.register_forward_hook(
        lambda module, inputs, output: sent.update(output.unique().tolist())
    )
    network(sample_images(spec, 8))
    assert sent == values


@pytest.mark.parametrize("membrane_norm", ["none", "mpbn"])
@pytest.mark.parametrize("connect", ["and", "iand"])
def test_multiplying_blocks_start_as_the_identity(connect: str, membrane_norm: str) -> None:
    network = build(sew_connect=connect, membrane_norm=membrane_norm, v_threshold=0.3)
    for block in blocks_of(network):
        x = (torch.rand(8, block.residual.get_parameter("0.weight").shape[1], 8, 8) > 0.5).float()
        assert torch.equal(block(x), block.shortcut(x))


def test_an_adding_block_that_always_fires_adds_one() -> None:
    network = build(sew_connect="add", granularity="binary").eval()
    block = blocks_of(network)[0]
    nn.init.zeros_(block.residual.get_parameter("4.weight"))
    nn.init.ones_(block.residual.get_parameter("4.bias"))
    x = (torch.rand(8, 4, 16, 16) > 0.5).float()
    assert torch.equal(block(x), x + 1)


@pytest.mark.parametrize("connect", ["add", "and", "iand"])
def test_every_connection_learns(connect: str) -> None:
    torch.manual_seed(0)
    spec = RunSpec(
        dataset="cifar10",
        network="sew-resnet18",
        width=8,
        image_size=16,
        num_timesteps=2,
        sew_connect=connect,
    )
    network = build_network(spec)
    images, labels = sample_images(spec, 10), torch.arange(10)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
    losses = []
    for _ in range(20):
        loss = F.cross_entropy(network(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.6 * losses[0]


@pytest.mark.parametrize(
    ("size", "kernel", "pools"), [(16, 3, 0), (63, 3, 0), (64, 7, 1), (65, 7, 1)]
)
def test_the_stem_depends_on_the_size(size: int, kernel: int, pools: int) -> None:
    spec = RunSpec(
        dataset="cifar10",
        network="sew-resnet18",
        width=2,
        image_size=size,
        num_timesteps=2,
        granularity="element",
    )
    network = build_network(spec)
    first = next(module for module in network.modules() if isinstance(module, nn.Conv2d))
    assert first.kernel_size == (kernel, kernel)
    assert count(network, nn.MaxPool2d) == pools
    assert network(sample_images(spec, 2)).shape == (2, 10)


def test_the_amplitude_of_the_large_stem_stands_behind_its_pool() -> None:
    network = build(image_size=64, granularity="element")
    stem = network.get_submodule("stem")
    assert [type(module) for module in stem.children()] == [LIF, nn.MaxPool2d, Amplitude]
    assert stem.get_parameter("2.value").shape == (4, 16, 16)


def test_iand_refuses_ternary_spikes() -> None:
    document = {"dataset": "cifar10", "network": "sew-resnet18", "spike": "ternary"}
    with pytest.raises(SpecError, match="sew_connect iand needs spikes of 0 and 1"):
        parse_spec({**document, "sew_connect": "iand"})
    assert parse_spec({**document, "sew_connect": "and"}).spike == "ternary"
