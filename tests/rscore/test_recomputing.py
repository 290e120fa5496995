from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from rscore.amplitude import Amplitude, RealSpike
from rscore.neurons import LIF
from rscore.recomputing import recomputed_spikes


def network(*, amplitude: bool, channels_last: bool) -> nn.Sequential:
    torch.manual_seed(0)
    neuron = LIF(num_timesteps=2, learn_decay=True)
    scale = Amplitude("channel", (6, 8, 8)) if amplitude else nn.Identity()
    for parameter in scale.parameters():
        nn.init.normal_(parameter)
    layers = nn.Sequential(
        nn.Conv2d(3, 6, 3, padding=1),
        nn.BatchNorm2d(6),
        RealSpike(neuron, scale),
        nn.Conv2d(6, 4, 3, padding=1),
    )
    return layers.to(memory_format=torch.channels_last) if channels_last else layers


@pytest.mark.parametrize("amplitude", [False, True])
@pytest.mark.parametrize("channels_last", [False, True])
def test_every_gradient_keeps_its_bits(amplitude: bool, channels_last: bool) -> None:
    images = torch.randn(8, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    first = network(amplitude=amplitude, channels_last=channels_last)
    second = copy.deepcopy(first)
    first(images).square().sum().backward()
    with recomputed_spikes():
        loss = second(images).square().sum()
    loss.backward()
    for (name, one), other in zip(first.named_parameters(), second.parameters(), strict=True):
        assert one.grad is not None, name
        assert torch.equal(one.grad, other.grad), name  # type: ignore[arg-type]


def test_the_next_convolution_keeps_no_spikes() -> None:
    layers = network(amplitude=True, channels_last=False)
    currents = layers[:2](torch.randn(8, 3, 8, 8)).detach().requires_grad_()
    spikes = layers[2](currents)
    with recomputed_spikes():
        behind = layers[3](spikes)
    before = spikes.detach().clone()
    spikes.data.zero_()  # what was kept is not this memory
    behind.sum().backward()
    found = layers[3].weight.grad
    expected = nn.grad.conv2d_weight(
        before, layers[3].weight.shape, torch.ones_like(behind), padding=1
    )
    torch.testing.assert_close(found, expected)


def test_other_tensors_are_kept_as_they_are() -> None:
    x = torch.randn(5, requires_grad=True)
    with recomputed_spikes():
        y = (x * x).sum()
    y.backward()
    torch.testing.assert_close(x.grad, 2 * x.detach())
