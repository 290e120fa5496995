from __future__ import annotations

import itertools

import pytest
import torch
from torch import Tensor, nn

from rscore.amplitude import Amplitude, RealSpike, make_amplitude, real_spikes
from rscore.neurons import LIF
from rscore.spec import RunSpec

SHAPES = {"layer": (1, 1, 1), "channel": (6, 1, 1), "element": (6, 5, 4)}


def spikes(*, channels_last: bool = False, dtype: torch.dtype = torch.float32) -> Tensor:
    random = torch.Generator().manual_seed(0)
    values = torch.randint(-1, 2, (10, 6, 5, 4), generator=random).to(dtype)
    return values.to(memory_format=torch.channels_last) if channels_last else values


@pytest.mark.parametrize("granularity", SHAPES)
@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_forward_and_gradients_are_those_of_a_product(
    granularity: str, channels_last: bool, dtype: torch.dtype
) -> None:
    module = Amplitude(granularity, (6, 5, 4)).to(dtype)
    assert module.value.shape == SHAPES[granularity]
    nn.init.normal_(module.value)
    source = spikes(channels_last=channels_last, dtype=dtype).requires_grad_()
    weights = torch.randn(source.shape, dtype=dtype, generator=torch.Generator().manual_seed(1))
    (module(source) * weights).sum().backward()
    twin = source.detach().clone().requires_grad_()
    value = module.value.detach().clone().requires_grad_()
    product = twin * value
    (product * weights).sum().backward()
    assert torch.equal(module(source), product)
    assert module(source).stride() == source.stride()
    assert source.grad is not None
    assert torch.equal(source.grad, twin.grad)  # type: ignore[arg-type]
    torch.testing.assert_close(module.value.grad, value.grad, rtol=1e-5, atol=1e-5)


def test_flat_spikes() -> None:
    for granularity, shape in (("layer", (1,)), ("channel", (7,)), ("element", (7,))):
        module = Amplitude(granularity, (7,))
        assert module.value.shape == shape
        source = torch.ones(3, 7, requires_grad=True)
        module(source).sum().backward()
        assert module.value.grad is not None
        assert module.value.grad.sum() == 21


def test_a_fresh_amplitude_changes_nothing() -> None:
    for granularity, constraint in itertools.product(SHAPES, ["free", "positive", "power-of-two"]):
        module = Amplitude(granularity, (6, 5, 4), constraint)
        assert torch.equal(module(spikes()), spikes())


def test_constraints() -> None:
    values = torch.tensor([-3.0, -0.7, 0.0, 0.3, 1.4, 1.5, 5.0])
    forced = {}
    for constraint in ("free", "positive", "power-of-two"):
        module = Amplitude("channel", (7,), constraint)
        module.value.data.copy_(values)
        forced[constraint] = module.effective().detach().tolist()
    assert forced["free"] == values.tolist()
    assert forced["positive"] == values.abs().tolist()
    assert forced["power-of-two"] == [-4.0, -0.5, 2.0**-30, 0.25, 1.0, 2.0, 4.0]


def test_power_of_two_passes_the_gradient_straight_through() -> None:
    module = Amplitude("channel", (3,), "power-of-two")
    module.value.data.copy_(torch.tensor([0.7, -1.3, 3.0]))
    module(torch.ones(2, 3)).mul(torch.tensor([1.0, 2.0, 3.0])).sum().backward()
    assert module.value.grad is not None
    assert module.value.grad.tolist() == [2.0, 4.0, 6.0]


def test_the_spec_chooses_granularity_and_constraint() -> None:
    spec = RunSpec(granularity="element", amplitude_constraint="positive")
    module = make_amplitude(spec, (2, 3, 4))
    assert isinstance(module, Amplitude)
    assert (module.granularity, module.constraint) == ("element", "positive")
    assert isinstance(make_amplitude(RunSpec(granularity="binary"), (2, 3, 4)), nn.Identity)
    with pytest.raises(ValueError, match="make_amplitude"):
        Amplitude("binary", (2,))


def test_an_amplitude_behind_an_average_learns_from_what_it_multiplies() -> None:
    module = Amplitude("channel", (1, 2, 2))
    averages = torch.tensor([[[[0.25, 0.5], [0.75, 1.0]]]])
    module(averages).sum().backward()
    assert module.value.grad is not None
    assert module.value.grad.item() == 2.5


def test_a_tiny_value_becomes_an_exact_power_of_two() -> None:
    module = Amplitude("channel", (3,), "power-of-two")
    module.value.data.copy_(torch.tensor([1e-12, -1e-20, 3e30]))
    assert module.effective().tolist() == [2.0**-30, -(2.0**-30), 2.0**30]


def run(
    layer: RealSpike, currents: Tensor, weights: Tensor, *, fused: bool
) -> tuple[Tensor, list[Tensor]]:
    """Output, and gradients of the currents and of every parameter."""
    leaf = currents.clone(memory_format=torch.preserve_format).requires_grad_()
    layer.zero_grad()
    output = layer(leaf) if fused else layer[1](layer[0](leaf))
    (output * weights).sum().backward()
    assert leaf.grad is not None
    grads = [p.grad.clone() for p in layer.parameters() if p.grad is not None]
    assert len(grads) == len(list(layer.parameters()))
    return output.detach(), [leaf.grad, *grads]


@pytest.mark.parametrize("granularity", SHAPES)
@pytest.mark.parametrize("constraint", ["free", "positive", "power-of-two"])
@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_in_one_go_as_one_by_one(
    granularity: str, constraint: str, channels_last: bool, dtype: torch.dtype
) -> None:
    torch.manual_seed(0)
    amplitude = Amplitude(granularity, (6, 5, 4), constraint)  # type: ignore[arg-type]
    nn.init.normal_(amplitude.value)
    layer = RealSpike(LIF(num_timesteps=2, spike="ternary", learn_decay=True), amplitude)
    layer.to(dtype)
    currents, weights = torch.randn(2, 10, 6, 5, 4, dtype=dtype)
    if channels_last:
        currents = currents.to(memory_format=torch.channels_last)
    expected, wanted = run(layer, currents, weights, fused=False)
    found, grads = run(layer, currents, weights, fused=True)
    assert torch.equal(found, expected)
    assert found.stride() == currents.stride()
    for one, other in zip(grads, wanted, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5)


def test_flat_spikes_in_one_go() -> None:
    torch.manual_seed(0)
    currents, weights = torch.randn(2, 8, 7)
    for granularity in ("layer", "channel", "element"):
        layer = RealSpike(LIF(num_timesteps=4), Amplitude(granularity, (7,)))  # type: ignore[arg-type]
        expected, wanted = run(layer, currents, weights, fused=False)
        found, grads = run(layer, currents, weights, fused=True)
        assert torch.equal(found, expected)
        for one, other in zip(grads, wanted, strict=True):
            torch.testing.assert_close(one, other)


def test_somebody_who_listens_hears_binary_spikes() -> None:
    torch.manual_seed(0)
    layer = RealSpike(LIF(num_timesteps=2), Amplitude("layer", (3,)))
    layer[1].value.data.fill_(0.3)  # type: ignore[union-attr]
    currents, heard = torch.randn(4, 3), []
    expected = layer(currents)
    handle = layer[0].register_forward_hook(lambda _layer, _inputs, spikes: heard.append(spikes))
    assert torch.equal(layer(currents), expected)
    handle.remove()
    layer(currents)
    assert [set(spikes.unique().tolist()) for spikes in heard] == [{0.0, 1.0}]


def test_a_subclass_of_a_neuron_keeps_its_own_forward() -> None:
    class Silent(LIF):
        def forward(self, x: Tensor) -> Tensor:
            return torch.zeros_like(x)

    found = real_spikes(Silent(num_timesteps=1), Amplitude("layer", (3,)), torch.ones(2, 3))
    assert not found.any()


def test_half_precision_currents_meet_a_float32_amplitude() -> None:
    layer = RealSpike(LIF(num_timesteps=2), Amplitude("channel", (3, 1, 1)))
    layer[1].value.data.fill_(0.3)  # type: ignore[union-attr]
    currents = torch.ones(4, 3, 1, 1, dtype=torch.bfloat16, requires_grad=True)
    output = layer(currents)
    assert output.dtype == torch.bfloat16
    assert torch.equal(output, torch.full_like(output, 0.3))
    output.sum().backward()
    assert currents.grad is not None
    assert currents.grad.dtype == torch.bfloat16
    assert layer[1].value.grad.tolist() == [[[4.0]]] * 3  # type: ignore[union-attr]
