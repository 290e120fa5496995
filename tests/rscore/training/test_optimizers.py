from __future__ import annotations

import pytest
import torch

from rscore.networks import build_network
from rscore.spec import RunSpec
from rscore.training.optimizers import (
    learning_rate,
    make_optimizer,
    optimizer_tensors,
    restore_optimizer,
    set_learning_rate,
)
from tests.support.networks import sample_images


def rates(schedule: str, steps: int) -> list[float]:
    spec = RunSpec(lr=0.5, schedule=schedule)
    return [learning_rate(spec, step, steps) for step in range(steps)]


def test_constant() -> None:
    assert set(rates("constant", 7)) == {0.5}


def test_cosine_falls_from_lr_towards_zero() -> None:
    found = rates("cosine", 100)
    assert found[0] == 0.5
    assert found[50] == pytest.approx(0.25)
    assert found == sorted(found, reverse=True)
    assert 0 < found[-1] < 1e-3


@pytest.mark.parametrize("steps", [1, 2, 3, 4, 10, 184])
def test_one_cycle_equals_torchs(steps: int) -> None:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    expected = []
    if steps > 3:  # torch divides by zero where the warm-up has no step
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.5, total_steps=steps)
        for _ in range(steps):
            expected.append(schedule.get_last_lr()[0])
            optimizer.step()
            if len(expected) < steps:
                schedule.step()
        assert rates("one-cycle", steps) == pytest.approx(expected)
    assert all(0 < rate <= 0.5 for rate in rates("one-cycle", steps))


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw"])
def test_amplitudes_have_their_own_weight_decay(optimizer: str) -> None:
    spec = RunSpec(optimizer=optimizer, weight_decay=0.1, amplitude_weight_decay=0.3, width=4)
    network = build_network(spec)
    weights, amplitudes = make_optimizer(spec, network).param_groups
    assert [tuple(p.shape) for p in amplitudes["params"]] == [(4, 1, 1), (8, 1, 1)]
    assert (weights["weight_decay"], amplitudes["weight_decay"]) == (0.1, 0.3)
    count = len(weights["params"]) + len(amplitudes["params"])
    assert count == len(list(network.parameters()))


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
