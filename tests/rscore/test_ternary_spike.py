"""Ternary Spike and trainable ternary, as networks are built of them."""

from __future__ import annotations

from typing import get_args

import pytest
import torch

from rscore.amplitude import Amplitude
from rscore.networks import build_network
from rscore.neurons import LIF
from rscore.spec import Granularity, RunSpec
from tests.support.networks import enliven, sample_images

TRAINABLE = [name for name in get_args(Granularity) if name != "binary"]


def spec_of(granularity: Granularity) -> RunSpec:
    return RunSpec(width=4, num_timesteps=3, spike="ternary", granularity=granularity)


def test_vanilla_ternary_networks_send_minus_one_zero_and_one() -> None:
    torch.manual_seed(0)
    spec = spec_of("binary")
    network = build_network(spec)
    enliven(network)
    sent: list[torch.Tensor] = []
    for module in network.modules():
        assert not isinstance(module, Amplitude)
        if isinstance(module, LIF):
            module.register_forward_hook(lambda _module, _inputs, spikes: sent.append(spikes))
    network(sample_images(spec, 4))
    assert len(sent) == 2
    for spikes in sent:
        assert spikes.unique().tolist() == [-1.0, 0.0, 1.0]


def test_the_first_layers_equations_by_hand() -> None:
    torch.manual_seed(0)
    spec = spec_of("binary")
    network = build_network(spec).double()
    enliven(network)
    images = sample_images(spec, 4).double()
    currents = network.get_submodule("encode")(images).unflatten(0, (3, 4))
    spikes = network.get_submodule("stage1.0")(currents.flatten(0, 1)).unflatten(0, (3, 4))
    u = torch.zeros_like(currents[0])
    for x, s in zip(currents, spikes, strict=True):
        u = 0.25 * u + x
        assert torch.equal(s, torch.sign(u) * (u.abs() >= 0.5))
        u = u * (1 - s.abs())


@pytest.mark.parametrize("granularity", TRAINABLE)
def test_trainable_ternary_networks_send_plus_and_minus_the_amplitude(
    granularity: Granularity,
) -> None:
    torch.manual_seed(0)
    spec = spec_of(granularity)
    network = build_network(spec)
    enliven(network)
    neuron, amplitude = network.get_submodule("stage1.0"), network.get_submodule("stage1.1")
    assert isinstance(amplitude, Amplitude)
    spikes = neuron(network.get_submodule("encode")(sample_images(spec, 4)))
    sent = amplitude(spikes)
    size = amplitude.effective().abs().expand_as(sent)
    assert torch.equal(sent.abs(), size * spikes.abs())
    assert {-1.0, 1.0} <= set((sent / size).unique().tolist())
    sent.square().sum().backward()
    assert amplitude.value.grad is not None
    has_fired = spikes.abs().sum_to_size(amplitude.value.shape) > 0
    assert torch.equal(amplitude.value.grad != 0, has_fired)
