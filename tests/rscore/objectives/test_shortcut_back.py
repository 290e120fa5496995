from __future__ import annotations

import copy
from typing import get_args

import pytest
import torch
from torch import nn
from torch.nn import functional

from rscore.networks import build_network
from rscore.objectives.shortcut_back import ShortcutBack
from rscore.spec import NetworkName, RunSpec
from tests.support.networks import enliven, sample_images

STAGES: dict[NetworkName, int] = {
    "small-conv": 2,
    "cifarnet": 3,
    "vgg16": 5,
    "resnet20": 3,
    "resnet19": 3,
    "resnet20-modified": 4,
    "sew-resnet18": 4,
    "sew-resnet34": 4,
    "sew-resnet50": 4,
}


def small(network: NetworkName, **fields: object) -> RunSpec:
    size = {"dataset": "cifar10", "image_size": 16, "width": 2, "num_timesteps": 2}
    return RunSpec.model_validate({"network": network} | size | fields)


@pytest.mark.parametrize("network_name", get_args(NetworkName))
def test_a_head_for_every_stage_but_the_last(network_name: NetworkName) -> None:
    spec = small(network_name, membrane_norm="mpbn")
    network = build_network(spec)
    network.eval().get_submodule("encode").train()
    before = copy.deepcopy(network.state_dict())
    modes = [module.training for module in network.modules()]
    torch.manual_seed(0)
    term = ShortcutBack(spec, network)
    assert len(term.heads) == STAGES[network_name] - 1
    assert [module.training for module in network.modules()] == modes
    after = network.state_dict()
    assert all(torch.equal(after[name], before[name]) for name in before)
    torch.manual_seed(0)
    linear = nn.Linear(term.heads[0][2].in_features, 10)
    assert torch.equal(term.heads[0][2].weight, linear.weight)


@pytest.mark.parametrize("progress", [0.0, 0.25, 0.99])
def test_the_formula(progress: float) -> None:
    spec = small("resnet20", label_smoothing=0.1)
    torch.manual_seed(0)
    network = build_network(spec)
    enliven(network)
    term = ShortcutBack(spec, network)
    images, labels = sample_images(spec, 4), torch.arange(4)
    with term.listener.listening():
        network(images)
        first, second = term.listener.values
        found = term(images, labels, progress=progress)
    expected = 0.0
    for spikes, head in zip((first, second), term.heads, strict=True):
        linear = head.get_submodule("2")
        steps = linear(spikes.mean((2, 3))).unflatten(0, (2, 4))
        loss = functional.cross_entropy(steps.mean(0), labels, label_smoothing=0.1)
        expected += (1 - progress) * loss.item()
    assert found.item() == pytest.approx(expected, rel=1e-5)


def test_the_gradient_skips_the_later_stages() -> None:
    spec = small("resnet20")
    torch.manual_seed(0)
    network = build_network(spec)
    enliven(network)
    term = ShortcutBack(spec, network)
    images = sample_images(spec, 4)
    with term.listener.listening():
        network(images)
        term(images, torch.arange(4), progress=0.5).backward()
    reached = {
        name.split(".")[0:2][-1 if name.startswith("body") else 0]
        for name, p in network.named_parameters()
        if p.grad is not None
    }
    left = {name for name, p in network.named_parameters() if p.grad is None}
    assert reached == {"encode", "stem", "0", "1"}
    assert left
    assert all(name.startswith(("body.2.", "readout.")) for name in left)
    assert all(p.grad is not None and p.grad.any() for p in term.heads.parameters())
