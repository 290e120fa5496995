"""The fused neuron against an independent one: one autograd node per step and operation."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from benchmarks.processes import PEERS, run_json
from rscore.kernels import Dynamics
from rscore.kernels.fused import fused_spikes
from rscore.neurons import LIF, membrane_steps


class Spike(torch.autograd.Function):
    """Heaviside forward; backward a rectangle of the given width around 0."""

    @staticmethod
    def forward(ctx: Any, distance: Tensor, width: float) -> Tensor:
        ctx.save_for_backward(distance)
        ctx.width = width
        return (distance >= 0).to(distance.dtype)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        (distance,) = ctx.saved_tensors
        inside = (distance > -ctx.width / 2) & (distance < ctx.width / 2)
        return torch.where(inside, grad / ctx.width, torch.zeros_like(grad)), None


def reference(currents: Tensor, decay: float, v_threshold: float, width: float) -> Tensor:
    membrane = torch.zeros_like(currents[0])
    spikes: list[Tensor] = []
    for current in currents:
        membrane = decay * membrane + current
        spike = Spike.apply(membrane - v_threshold, width)
        membrane = membrane * (1 - spike)
        spikes.append(spike)
    return torch.stack(spikes)


def fused(currents: Tensor, decay: float, v_threshold: float, width: float) -> Tensor:
    dynamics = Dynamics(v_threshold, "rectangle", width, "hard", False, "binary")
    spikes = fused_spikes(
        currents.flatten(0, 1), num_timesteps=len(currents), decay=decay, dynamics=dynamics
    )
    return spikes.unflatten(0, currents.shape[:2])


def grads(function: Any, currents: Tensor, weights: Tensor, *constants: float) -> Any:
    leaf = currents.clone(memory_format=torch.preserve_format).requires_grad_()
    spikes = function(leaf, *constants)
    (spikes * weights).sum().backward()
    return spikes.detach(), leaf.grad


@pytest.mark.parametrize("steps", [1, 2, 5])
@pytest.mark.parametrize("constants", [(0.25, 0.5, 1.0), (1.0, 1.0, 0.5), (0.9, 0.3, 3.0)], ids=str)
def test_spikes_and_gradients_equal_the_reference(
    steps: int, constants: tuple[float, float, float]
) -> None:
    random = torch.Generator().manual_seed(steps)
    currents = torch.randn(steps, 3, 4, 5, dtype=torch.float64, generator=random)
    weights = torch.randn(currents.shape, dtype=torch.float64, generator=random)
    expected = grads(reference, currents, weights, *constants)
    found = grads(fused, currents, weights, *constants)
    assert 0.05 < found[0].mean() < 0.95
    assert torch.equal(found[0], expected[0])
    torch.testing.assert_close(found[1], expected[1], rtol=1e-12, atol=1e-12)


def test_the_gradient_goes_through_the_reset() -> None:
    currents = torch.tensor([[0.6], [0.2]], dtype=torch.float64)
    weights = torch.tensor([[0.0], [1.0]], dtype=torch.float64)
    _, grad = grads(fused, currents, weights, 0.25, 0.5, 1.0)
    # u0 = 0.6 fires, u1 = 0.2: ds1/dx0 = decay * ((1 - s0) - u0 * ds0/du0) = 0.25 * -0.6
    torch.testing.assert_close(grad, torch.tensor([[-0.15], [1.0]], dtype=torch.float64))


@pytest.mark.parametrize("layout", ["channels_last", "transposed", "expanded"])
def test_any_memory_layout_gives_the_same(layout: str) -> None:
    random = torch.Generator().manual_seed(0)
    plain = torch.randn(4, 2, 3, 6, 6, dtype=torch.float64, generator=random)
    if layout == "expanded":
        plain = plain[:1].expand(4, -1, -1, -1, -1)
    weights = torch.randn(plain.shape, dtype=torch.float64, generator=random)
    laid = {
        "channels_last": plain.movedim(2, -1).contiguous().movedim(-1, 2),
        "transposed": plain.transpose(0, 1).contiguous().transpose(0, 1),
        "expanded": plain,
    }[layout]
    expected = grads(reference, plain.contiguous(), weights, 0.25, 0.5, 1.0)
    for own_weights in (weights, weights.movedim(2, -1).contiguous().movedim(-1, 2)):
        found = grads(fused, laid, own_weights, 0.25, 0.5, 1.0)
        assert torch.equal(found[0], expected[0])
        torch.testing.assert_close(found[1], expected[1], rtol=1e-12, atol=1e-12)


def test_channels_last_stays_channels_last() -> None:
    layer = LIF(num_timesteps=2, decay=0.25, v_threshold=0.5, surrogate_width=1.0)
    currents = torch.rand(4, 3, 5, 5).to(memory_format=torch.channels_last).requires_grad_()
    spikes = layer(currents)
    assert spikes.is_contiguous(memory_format=torch.channels_last)
    spikes.sum().backward()
    assert currents.grad is not None
    assert currents.grad.is_contiguous(memory_format=torch.channels_last)


def test_layer_is_time_major_and_keeps_no_state() -> None:
    layer = LIF(num_timesteps=3, decay=0.5, v_threshold=0.5, surrogate_width=1.0)
    currents = torch.rand(6, 4, dtype=torch.float64)
    _, expected = membrane_steps(currents.view(3, 2, 4), decay=0.5, v_threshold=0.5)
    assert torch.equal(layer(currents), expected.flatten(0, 1))
    assert torch.equal(layer(currents), layer(currents))
    assert not list(layer.parameters())
    assert not layer.state_dict()


def test_the_input_stays_as_it_was() -> None:
    currents = torch.randn(4, 50)
    before = currents.clone()
    grads(fused, currents, torch.ones(4, 50), 0.25, 0.5, 1.0)
    assert torch.equal(currents, before)


def test_rows_that_are_no_multiple_of_t_are_refused() -> None:
    layer = LIF(num_timesteps=3, decay=0.5, v_threshold=0.5, surrogate_width=1.0)
    with pytest.raises(ValueError, match="4 rows are not a multiple of T = 3"):
        layer(torch.rand(4, 2))


def test_spikes_and_gradients_are_those_of_spikingjelly() -> None:
    if not (PEERS / "installed").exists():
        pytest.skip("SpikingJelly's environment is not there: make bench installs it")
    rows: Any = run_json("tests.support.spikingjelly_neurons", python=PEERS / "bin" / "python")
    assert len(rows) == 48
    for row in rows:
        assert row["flips"] == 0, row
        assert row["gradient_error"] < 1e-14, row
        assert 0.1 < row["spikes"] < 0.9
        assert row["gradient"] > 1


def test_a_learned_decay_starts_where_it_is_told_to() -> None:
    layer = LIF(num_timesteps=2, decay=0.3, learn_decay=True)
    assert layer.decay_value() == pytest.approx(0.3)
    with torch.no_grad():
        layer.decay_logit.fill_(2.0)  # type: ignore[union-attr]
    assert layer.decay_value() == pytest.approx(torch.tensor(2.0).sigmoid().item())
    with pytest.raises(ValueError, match="between 0 and 1, not at 1"):
        LIF(num_timesteps=2, decay=1, learn_decay=True)


def test_soft_reset_and_ternary_spikes_by_hand() -> None:
    currents = torch.tensor([[0.75], [0.5], [-2.0], [0.25]], dtype=torch.float64)
    u, s = membrane_steps(currents, decay=0.5, v_threshold=0.5, reset="soft", spike="ternary")
    assert s.flatten().tolist() == [1, 1, -1, 0]
    # Half of 0.25, of 0.125 and of -1.4375 is carried on to the second, third and fourth step.
    assert u.flatten().tolist() == [0.75, 0.625, -1.9375, -0.46875]
    layer = LIF(num_timesteps=4, decay=0.5, v_threshold=0.5, reset="soft", spike="ternary")
    assert torch.equal(layer(currents), s)
