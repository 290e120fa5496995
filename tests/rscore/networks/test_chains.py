from __future__ import annotations

import pytest
import torch
from torch import nn

from rscore.networks import build_network
from rscore.spec import NetworkName, RunSpec

LAYERS: dict[NetworkName, list[int | str]] = {
    "cifarnet": [128, 256, "pool", 512, "pool", 1024, 512],
    "vgg16": [
        *[64, 64, "pool", 128, 128, "pool", 256, 256, 256, "pool"],
        *[512, 512, 512, "pool", 512, 512, 512],
    ],
}


@pytest.mark.parametrize("pooling", ["average", "max"])
@pytest.mark.parametrize("network_name", LAYERS)
def test_layers_are_those_of_the_paper(network_name: NetworkName, pooling: str) -> None:
    spec = RunSpec(dataset="cifar10", network=network_name, pooling=pooling)
    with torch.device("meta"):
        network = build_network(spec)
    found: list[int | str] = []
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            found.append(module.out_channels)
        if isinstance(module, nn.AvgPool2d if pooling == "average" else nn.MaxPool2d):
            found.append("pool")
    assert found == LAYERS[network_name]
