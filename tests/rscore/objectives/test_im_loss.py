from __future__ import annotations

import numpy as np
import pytest
import torch

from rscore.neurons import LIF
from rscore.objectives.im_loss import im_loss


@pytest.mark.parametrize("num_timesteps", [1, 2, 4])
def test_the_formula(num_timesteps: int) -> None:
    u = torch.randn(8, 3, 2, 2, dtype=torch.float64)
    neuron = LIF(num_timesteps=num_timesteps)
    expected = (np.mean(u.numpy()) - 0.5 / num_timesteps) ** 2
    assert im_loss(u, neuron).item() == pytest.approx(expected, abs=1e-15)


def test_it_moves_with_the_threshold() -> None:
    u = torch.full((4, 2), 0.6, dtype=torch.float64)
    neuron = LIF(num_timesteps=2, v_threshold=1.2)
    assert im_loss(u, neuron).item() == 0


def test_its_gradient_draws_the_mean_to_the_threshold() -> None:
    u = torch.randn(4, 2, dtype=torch.float64, requires_grad=True)
    im_loss(u, LIF(num_timesteps=2)).backward()
    expected = 2 * (u.detach().mean() - 0.25) / 8
    assert u.grad is not None
    assert torch.allclose(u.grad, expected.expand(4, 2))
