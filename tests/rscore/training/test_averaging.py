from __future__ import annotations

import torch
from torch import nn

from rscore.training.averaging import Average


def changed(network: nn.Sequential, value: float) -> None:
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.fill_(value)


def small() -> nn.Sequential:
    network = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    changed(network, 1.0)
    return network


def test_the_mean_of_the_weights_as_its_formula_says() -> None:
    network = small()
    average = Average(network, 0.75)
    mean = 1.0
    for value in (2.0, 6.0, -1.0):
        changed(network, value)
        average.update()
        mean = 0.75 * mean + 0.25 * value
    found = average.network()
    assert all((parameter - mean).abs().max() < 1e-6 for parameter in found.parameters())
    assert not any(parameter.requires_grad for parameter in found.parameters())
    assert all((parameter == -1.0).all() for parameter in network.parameters())


def test_buffers_are_copied_when_they_are_asked_for() -> None:
    network = small()
    average = Average(network, 0.9)
    network(torch.randn(8, 2) + 5)
    average.update()
    for name, buffer in average.network().named_buffers():
        assert torch.equal(buffer, network.get_buffer(name)), name
    assert average.network().get_buffer("1.num_batches_tracked") == 1


def test_the_state_comes_back() -> None:
    network = small()
    average = Average(network, 0.9)
    changed(network, 3.0)
    average.update()
    again = Average(small(), 0.9)
    again.restore(average.tensors())
    for one, other in zip(average.tensors().values(), again.tensors().values(), strict=True):
        assert torch.equal(one, other)
