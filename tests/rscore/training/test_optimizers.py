from __future__ import annotations

import pytest
import torch

from rscore.networks import build_network
from rscore.spec import RunSpec
from rscore.training.optimizers import (
    make_optimizer,
    optimizer_tensors,
    restore_optimizer,
    set_learning_rate,
)
from tests.support.networks import sample_images


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw"])
def test_amplitudes_have_their_own_weight_decay(optimizer: str) -> None:
    spec = RunSpec(optimizer=optimizer, weight_decay=0.1, amplitude_weight_decay=0.3, width=4)
    network = build_network(spec)
    weights, amplitudes = make_optimizer(spec, network).param_groups
    assert [tuple(p.shape) for p in amplitudes["params"]] == [(4, 1, 1), (8, 1, 1)]
    assert (weights["weight_decay"], amplitudes["weight_decay"]) == (0.1, 0.3)
    count = len(weights["params"]) + len(amplitudes["params"])
    assert count == len(list(network.parameters()))


def test_learned_decays_have_no_weight_decay() -> None:
    spec = RunSpec(weight_decay=0.1, amplitude_weight_decay=0.3, width=4, learn_decay=True)
    network = build_network(spec)
    _, _, decays = make_optimizer(spec, network).param_groups
    named = dict(network.named_parameters())
    learned = [value for name, value in named.items() if name.endswith("decay_logit")]
    assert len(learned) == 2
    assert [id(value) for value in decays["params"]] == [id(value) for value in learned]
    assert decays["weight_decay"] == 0


def test_a_binary_network_has_one_group() -> None:
    spec = RunSpec(granularity="binary", width=4)
    assert len(make_optimizer(spec, build_network(spec)).param_groups) == 1


@pytest.mark.parametrize("name", ["sgd", "adam", "adamw"])
def test_state_comes_back_and_the_next_step_is_the_same(name: str) -> None:
    spec = RunSpec(optimizer=name, width=4, weight_decay=0.01)
    torch.manual_seed(0)
    network = build_network(spec).to(memory_format=torch.channels_last)
    optimizer = make_optimizer(spec, network)
    images = sample_images(spec, 8)

    def step(net: torch.nn.Module, opt: torch.optim.Optimizer) -> None:
        opt.zero_grad()
        net(images).square().mean().backward()
        set_learning_rate(opt, 0.01)
        opt.step()

    step(network, optimizer)
    weights = {key: value.clone() for key, value in network.state_dict().items()}
    state = {key: value.clone() for key, value in optimizer_tensors(optimizer, network).items()}
    step(network, optimizer)

    other = build_network(spec).to(memory_format=torch.channels_last)
    other.load_state_dict(weights)
    again = make_optimizer(spec, other)
    restore_optimizer(again, other, state)
    step(other, again)
    for key, value in network.state_dict().items():
        assert torch.equal(other.state_dict()[key], value), key
