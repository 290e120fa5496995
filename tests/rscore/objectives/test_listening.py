from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from rscore.objectives.listening import Listener, given, told, uncompiled


def doubling() -> nn.Sequential:
    return nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))


def test_it_hears_what_is_given_and_told_in_the_order_of_the_layers() -> None:
    network = doubling()
    heard = {network[1]: told(network[1]), network[2]: given(network[2])}
    listener = Listener(heard, compiled=False)
    x = torch.randn(4, 2)
    expected = network(x)
    with listener.listening():
        assert torch.equal(network(x), expected)
        first, second = listener.values
    assert torch.equal(first, network[1](network[0](x)))
    assert torch.equal(second, first)
    assert first.requires_grad


def test_outside_the_block_nothing_is_left() -> None:
    network = doubling()
    listener = Listener({network[1]: told(network[1])}, compiled=False)
    with listener.listening():
        network(torch.randn(4, 2))
    assert listener.values == []
    assert not any("forward" in vars(module) for module in network.modules())
    copied = copy.deepcopy(network)
    copied(torch.randn(4, 2))
    assert listener.values == []


def test_a_forward_that_was_in_the_way_comes_back() -> None:
    network = doubling()
    compiled = network[1].forward
    vars(network[1])["forward"] = compiled
    listener = Listener({network[1]: told(network[1])}, compiled=False)
    with listener.listening():
        assert network[1].forward is not compiled
    assert vars(network[1])["forward"] is compiled


def test_an_error_inside_ends_the_listening() -> None:
    network = doubling()
    listener = Listener({network[1]: told(network[1])}, compiled=False)
    with pytest.raises(RuntimeError), listener.listening():
        network(torch.randn(4, 5))
    assert "forward" not in vars(network[1])


def test_nothing_is_asked_of_the_compiler_unless_something_compiles() -> None:
    assert uncompiled(given, compiled=False) is given
    assert uncompiled(given, compiled=True) is not given
