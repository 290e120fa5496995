from __future__ import annotations

import numpy as np
import pytest
import torch

from rscore.neurons import LIF
from rscore.objectives.rmp_loss import rmp_loss
from rscore.spec import SpikeKind


def membrane() -> torch.Tensor:
    torch.manual_seed(0)
    special = torch.tensor([-1.5, -1.0, -0.5, -0.25, 0.0, 0.5, 0.75, 1.0, 1.5, 2.5])
    return torch.cat([special, 2 * torch.randn(90)]).double().view(10, 10)


@pytest.mark.parametrize(
    ("spike", "values"), [("binary", (0.0, 1.0)), ("ternary", (-1.0, 0.0, 1.0))]
)
def test_the_formula(spike: SpikeKind, values: tuple[float, ...]) -> None:
    u = membrane()
    distance = np.min([np.abs(value - u.numpy()) for value in values], axis=0)
    found = rmp_loss(u, LIF(num_timesteps=2, spike=spike))
    assert found.item() == pytest.approx(np.mean(distance**2), rel=1e-12)


def test_its_gradient_is_that_of_the_minimum() -> None:
    found, plain = membrane().requires_grad_(), membrane().requires_grad_()
    rmp_loss(found, LIF(num_timesteps=2)).backward()
    torch.minimum(plain.abs(), (1 - plain).abs()).square().mean().backward()
    smooth = plain.detach() != 0.5
    assert found.grad is not None
    assert plain.grad is not None
    assert torch.allclose(found.grad[smooth], plain.grad[smooth], atol=1e-15)


def test_spikes_themselves_cost_nothing() -> None:
    assert rmp_loss(torch.tensor([0.0, 1.0, 1.0]), LIF(num_timesteps=1)).item() == 0
