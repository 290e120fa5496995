from __future__ import annotations

import itertools

import pytest
import torch
from torch import Tensor, nn

from rscore.amplitude import Amplitude, make_amplitude
from rscore.kernels import scaling
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


def test_the_number_of_threads_changes_no_bit() -> None:
    grad = torch.randn(64, 16, 20, 20, generator=torch.Generator().manual_seed(0))
    kept = (grad > 0).to(torch.int8)
    before = torch.get_num_threads()
    found = []
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            found.append(scaling.amplitude_backward(grad, kept, torch.ones(16, 1, 1))[1])
    finally:
        torch.set_num_threads(before)
    assert torch.equal(found[0], found[1])
