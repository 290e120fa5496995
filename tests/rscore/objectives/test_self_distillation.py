from __future__ import annotations

import pytest
import torch

from rscore.networks import build_network
from rscore.objectives.self_distillation import SelfDistillation
from rscore.objectives.step_logits import divergence
from rscore.spec import RunSpec
from tests.support.networks import enliven, sample_images


def value(spec: RunSpec) -> tuple[torch.Tensor, torch.Tensor]:
    """The term and the steps' logits [T*4, K] that it is made of."""
    torch.manual_seed(0)
    network = build_network(spec)
    enliven(network)
    term = SelfDistillation(spec, network)
    images = sample_images(spec, 4)
    with term.listener.listening():
        network(images)
        (steps,) = term.listener.values
        return term(images, torch.arange(4), progress=0.0), steps


def test_every_step_learns_from_the_mean_over_all() -> None:
    spec = RunSpec(width=4, num_timesteps=3, distillation_weight=0.3, distillation_temperature=1.5)
    found, logits = value(spec)
    steps = logits.detach().unflatten(0, (3, 4))
    expected = 0.3 * divergence(steps, steps.mean(0), 1.5)
    assert found.item() == pytest.approx(expected.item(), rel=1e-6)
    assert found.item() > 0
    (gradient,) = torch.autograd.grad(found, logits)
    shares = torch.softmax(steps / 1.5, -1)
    apart = shares - torch.softmax(steps.mean(0) / 1.5, -1)
    assert torch.allclose(gradient, (0.3 * 1.5 * apart / 12).flatten(0, 1), atol=1e-7)


def test_one_step_has_nothing_to_learn_from_itself() -> None:
    found, _ = value(RunSpec(width=4, num_timesteps=1))
    assert found.item() == pytest.approx(0.0, abs=1e-6)
