from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from rscore.membrane_norm import MembraneNormLIF
from rscore.neurons import LIF

T, N, C = 3, 5, 2
SHAPES = {"maps": (T * N, C, 4, 3), "vectors": (T * N, C)}


def layer(**constants: object) -> MembraneNormLIF:
    return MembraneNormLIF(C, num_timesteps=T, decay=0.5, v_threshold=0.3, **constants).double()


def lively(neuron: MembraneNormLIF) -> MembraneNormLIF:
    """Statistics and parameters as a training leaves them, one channel's weight negative."""
    norm = neuron.norm
    with torch.no_grad():
        norm.weight.copy_(torch.tensor([1.5, -0.7]))
        norm.bias.copy_(torch.tensor([0.2, 0.4]))
        norm.running_mean.copy_(torch.tensor([0.3, -0.1]))
        norm.running_var.copy_(torch.tensor([0.5, 2.0]))
    return neuron


def by_hand(x: Tensor, neuron: MembraneNormLIF) -> tuple[np.ndarray, np.ndarray]:
    """u and s of the equations, with the layer's running statistics or the step's own."""
    norm = neuron.norm
    currents = x.detach().numpy().reshape(T, N, C, -1)
    weight, bias, mean, variance = (
        part.detach().numpy()[:, None]
        for part in (norm.weight, norm.bias, norm.running_mean, norm.running_var)
    )
    u, s = np.zeros_like(currents), np.zeros_like(currents)
    for t in range(T):
        u[t] = currents[t] + (0.5 * u[t - 1] * (1 - s[t - 1]) if t else 0)
        if neuron.training:
            mean = u[t].mean((0, 2))[:, None]
            variance = u[t].var((0, 2))[:, None]
        s[t] = weight * (u[t] - mean) / np.sqrt(variance + norm.eps) + bias >= 0.3
    return u.reshape(x.shape), s.reshape(x.shape)


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
def test_the_equations(shape: str, training: bool) -> None:
    torch.manual_seed(0)
    neuron = lively(layer()).train(training)
    x = torch.randn(SHAPES[shape], dtype=torch.float64)
    membrane, spikes = by_hand(x, neuron)
    found = neuron.membrane_and_spikes(x)
    assert np.allclose(found[0].detach(), membrane, atol=1e-12)
    assert np.array_equal(found[1].detach(), spikes)
    assert 0.2 < spikes.mean() < 0.8
    assert torch.equal(neuron.train(training)(x), found[1])


def test_every_step_moves_the_running_statistics() -> None:
    torch.manual_seed(0)
    neuron, norm = layer(), nn.BatchNorm2d(C).double()
    x = torch.randn(T * N, C, 4, 3, dtype=torch.float64)
    membrane, _ = neuron.membrane_and_spikes(x)
    for step in membrane.detach().split(N):
        norm(step)
    assert torch.allclose(neuron.norm.running_mean, norm.running_mean, atol=1e-12)
    assert torch.allclose(neuron.norm.running_var, norm.running_var, atol=1e-12)
    assert neuron.norm.num_batches_tracked == T


def test_at_inference_it_is_a_threshold_for_each_channel() -> None:
    torch.manual_seed(0)
    neuron = lively(layer()).eval()
    x = torch.randn(T * N, C, 4, 3, dtype=torch.float64)
    u, s = neuron.membrane_and_spikes(x)
    norm = neuron.norm
    deviation = (norm.running_var + norm.eps).sqrt()
    thresholds = norm.running_mean + (0.3 - norm.bias) * deviation / norm.weight
    assert torch.equal(s[:, 0] == 1, u[:, 0] >= thresholds[0])
    assert torch.equal(s[:, 1] == 1, u[:, 1] <= thresholds[1])


@pytest.mark.parametrize("detach_reset", [False, True])
def test_without_normalisation_it_is_a_lif_layer(detach_reset: bool) -> None:
    torch.manual_seed(0)
    constants = {"detach_reset": detach_reset, "learn_decay": True}
    neuron = layer(**constants).eval()
    neuron.norm.eps = 0.0
    plain = LIF(num_timesteps=T, decay=0.5, v_threshold=0.3, **constants).double()
    upstream = torch.randn(T * N, C, 4, 3, dtype=torch.float64)
    inputs = torch.randn(T * N, C, 4, 3, dtype=torch.float64)
    found = []
    for lif in (neuron, plain):
        x = inputs.clone().requires_grad_()
        spikes = lif(x)
        (spikes * upstream).sum().backward()
        assert x.grad is not None
        assert lif.decay_logit is not None
        assert lif.decay_logit.grad is not None
        found.append((spikes, x.grad, lif.decay_logit.grad))
    for one, other in zip(*found, strict=True):
        assert torch.allclose(one, other, atol=1e-12)


def test_the_normalisation_learns() -> None:
    torch.manual_seed(0)
    neuron = layer()
    neuron(torch.randn(T * N, C, 4, 3, dtype=torch.float64)).square().sum().backward()
    for parameter in (neuron.norm.weight, neuron.norm.bias):
        assert parameter.grad is not None
        assert parameter.grad.all()


def test_the_membrane_of_half_precision_currents_is_float32() -> None:
    neuron = MembraneNormLIF(C, num_timesteps=T)
    x = torch.randn(T * N, C, 4, 3).to(torch.bfloat16)
    with torch.autocast("cpu", torch.bfloat16):
        membrane, spikes = neuron.membrane_and_spikes(x)
    assert (membrane.dtype, spikes.dtype) == (torch.float32, torch.bfloat16)
    exact, _ = neuron.membrane_and_spikes(x.float())
    assert torch.equal(membrane, exact)
    assert neuron(x).dtype == torch.bfloat16


@pytest.mark.parametrize("constants", [{"reset": "soft"}, {"spike": "ternary"}])
def test_other_dynamics_are_refused(constants: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="hard reset and binary spikes"):
        layer(**constants)


def test_rows_that_are_no_multiple_of_t_are_refused() -> None:
    with pytest.raises(ValueError, match="7 rows are not a multiple of T = 3"):
        layer()(torch.zeros(7, C, 2, 2, dtype=torch.float64))
