from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from rscore.networks import build_network
from rscore.networks.layers import TimeMean
from rscore.objectives.step_logits import divergence, step_listener
from rscore.spec import RunSpec
from tests.support.networks import sample_images

T, N, K = 3, 4, 5


def softmax(logits: np.ndarray) -> np.ndarray:
    exponents = np.exp(logits - logits.max(-1, keepdims=True))
    return exponents / exponents.sum(-1, keepdims=True)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_the_formula(temperature: float) -> None:
    torch.manual_seed(0)
    steps = 3 * torch.randn(T, N, K, dtype=torch.float64)
    teacher = 3 * torch.randn(N, K, dtype=torch.float64)
    target = softmax(teacher.numpy() / temperature)
    total = 0.0
    for step in steps.numpy():
        for p, q in zip(target, softmax(step / temperature), strict=True):
            total += (p * np.log(p / q)).sum()
    expected = temperature**2 * total / (T * N)
    found = divergence(steps, teacher, temperature)
    assert found.item() == pytest.approx(expected, rel=1e-12)


def test_it_teaches_the_steps_and_not_the_teacher() -> None:
    steps = torch.randn(T, N, K, requires_grad=True)
    teacher = torch.randn(N, K, requires_grad=True)
    divergence(steps, teacher, 2.0).backward()
    assert teacher.grad is None
    assert steps.grad is not None
    expected = torch.softmax(steps.detach() / 2, -1) - torch.softmax(teacher.detach() / 2, -1)
    assert torch.allclose(steps.grad, 2 * expected / (T * N), atol=1e-7)


def test_agreement_costs_nothing_whatever_the_precision() -> None:
    teacher = torch.randn(N, K).to(torch.bfloat16)
    found = divergence(teacher.expand(T, N, K), teacher, 2.0)
    assert found.dtype == torch.float32
    assert found.item() == pytest.approx(0.0, abs=1e-7)


def test_the_steps_logits_are_those_that_the_read_out_averages() -> None:
    spec = RunSpec(width=2, num_timesteps=3)
    network = build_network(spec)
    listener = step_listener(network, compiled=False)
    with listener.listening():
        logits = network(sample_images(spec, 4))
        (steps,) = listener.values
    assert steps.shape == (12, 10)
    assert torch.allclose(steps.unflatten(0, (3, 4)).mean(0), logits)


@pytest.mark.parametrize("count", [0, 2])
def test_a_network_with_another_read_out_is_refused(count: int) -> None:
    network = nn.Sequential(*(TimeMean(2) for _ in range(count)))
    with pytest.raises(ValueError, match=f"one TimeMean behind its steps' logits, not {count}"):
        step_listener(network, compiled=False)
