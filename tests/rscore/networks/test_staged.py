from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from rscore.networks import build_network
from rscore.spec import NetworkName, RunSpec


@pytest.mark.parametrize("network_name", ["vgg16", "resnet20", "sew-resnet18"])
def test_kernels_start_with_the_spread_of_he(network_name: NetworkName) -> None:
    torch.manual_seed(0)
    network = build_network(RunSpec(dataset="cifar10", network=network_name, width=16))
    kernels = [m for m in network.modules() if isinstance(m, nn.Conv2d) and m.weight.numel() > 4000]
    assert kernels
    for conv in kernels:
        fan_out = conv.out_channels * conv.kernel_size[0] * conv.kernel_size[1]
        assert float(conv.weight.detach().std()) == pytest.approx(math.sqrt(2 / fan_out), rel=0.05)
