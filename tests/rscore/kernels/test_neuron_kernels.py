"""Every kernel against the step-by-step form through autograd, in all combinations."""

from __future__ import annotations

import itertools
from typing import Any, get_args

import pytest
import torch
from torch import Tensor

from rscore import kernels
from rscore.kernels import Dynamics, Gradients, Scale, cpu, gpu, reference
from rscore.neurons import LIF
from rscore.spec import ResetKind, SpikeKind, SurrogateName

COMBINATIONS = list(
    itertools.product(
        get_args(SurrogateName), get_args(ResetKind), [False, True], get_args(SpikeKind)
    )
)


def layer(surrogate: Any, reset: Any, *, detach: bool, spike: Any, learn: bool = True) -> LIF:
    return LIF(
        num_timesteps=4,
        decay=0.6,
        v_threshold=0.4,
        surrogate=surrogate,
        surrogate_width=1.3,
        reset=reset,
        detach_reset=detach,
        learn_decay=learn,
        spike=spike,
    )


def run(lif: LIF, currents: Tensor, weights: Tensor, *, plain: bool) -> list[Tensor]:
    """Spikes and the gradients of the currents and the decay."""
    leaf = currents.clone(memory_format=torch.preserve_format).requires_grad_()
    lif.zero_grad()
    spikes = lif.membrane_and_spikes(leaf)[1] if plain else lif(leaf)
    (spikes * weights).sum().backward()
    assert leaf.grad is not None
    assert lif.decay_logit is not None
    assert lif.decay_logit.grad is not None
    return [spikes.detach(), leaf.grad, lif.decay_logit.grad.clone()]


@pytest.mark.parametrize(("surrogate", "reset", "detach", "spike"), COMBINATIONS)
def test_fused_equals_step_by_step(surrogate: str, reset: str, detach: bool, spike: str) -> None:
    random = torch.Generator().manual_seed(3)
    lif = layer(surrogate, reset, detach=detach, spike=spike)
    currents = torch.randn(12, 5, 6, 7, generator=random)
    weights = torch.randn(12, 5, 6, 7, generator=random)
    expected = run(lif.double(), currents.double(), weights.double(), plain=True)
    assert 0.05 < expected[0].abs().mean() < 0.95
    for tolerance, found in (
        (1e-12, run(lif.double(), currents.double(), weights.double(), plain=False)),
        (2e-4, run(lif.float(), currents, weights, plain=False)),
    ):
        assert torch.equal(found[0].double(), expected[0])
        for part, wanted in zip(found[1:], expected[1:], strict=True):
            torch.testing.assert_close(part.double(), wanted, rtol=tolerance, atol=tolerance)


needs_compiler = pytest.mark.skipif(
    not cpu.serves(torch.zeros(1, 1)), reason="no C++ compiler on this machine"
)


def scale(period: int, run: int) -> Scale:
    return Scale(torch.randn(period, generator=torch.Generator().manual_seed(4)), run)


def assert_close(found: Gradients, expected: Gradients, tolerance: float = 1e-4) -> None:
    for part, wanted in zip(found, expected, strict=True):
        torch.testing.assert_close(part, wanted, rtol=tolerance, atol=tolerance)


@needs_compiler
@pytest.mark.parametrize(("surrogate", "reset", "detach", "spike"), COMBINATIONS)
@pytest.mark.parametrize(
    ("shape", "amplitudes"),
    [
        ((1, 1), None),
        ((4, 511), scale(1, 511)),
        ((3, 5000), scale(20, 50)),
        ((2, 1540), scale(770, 1)),
    ],
    ids=["one", "layer", "channel", "element"],
)
def test_the_compiled_kernel_gives_the_spikes_of_torch_bit_for_bit(
    surrogate: Any,
    reset: Any,
    detach: bool,
    spike: Any,
    shape: tuple[int, int],
    amplitudes: Scale | None,
) -> None:
    dynamics = Dynamics(0.4, surrogate, 1.3, reset, detach, spike)
    currents, grad = torch.randn(2, *shape, generator=torch.Generator().manual_seed(0))
    assert cpu.serves(currents)
    expected = reference.forward(currents, 0.6, dynamics, amplitudes)
    assert torch.equal(cpu.forward(currents, 0.6, dynamics, amplitudes), expected)
    given = (grad, currents, 0.6, dynamics, amplitudes)
    found = cpu.backward(*given, learn_decay=True)
    assert_close(found, reference.backward(*given, learn_decay=True))
    assert (found.scale is None) == (amplitudes is None)
    assert cpu.backward(*given).decay is None


@needs_compiler
@pytest.mark.parametrize("amplitudes", [None, scale(30, 1), scale(1, 3000)])
def test_bfloat16_keeps_the_membrane_in_float32(amplitudes: Scale | None) -> None:
    dynamics = Dynamics(0.5, "rectangle", 1.0, "hard", False, "binary")
    currents, grad = torch.randn(2, 4, 3000, generator=torch.Generator().manual_seed(1)).bfloat16()
    expected = reference.forward(currents.float(), 0.25, dynamics, amplitudes).bfloat16()
    assert torch.equal(cpu.forward(currents, 0.25, dynamics, amplitudes), expected)
    assert torch.equal(reference.forward(currents, 0.25, dynamics, amplitudes), expected)
    wanted = reference.backward(grad.float(), currents.float(), 0.25, dynamics, amplitudes)
    found = cpu.backward(grad, currents, 0.25, dynamics, amplitudes)
    assert torch.equal(found.currents, wanted.currents.bfloat16())
    torch.testing.assert_close(found.scale, wanted.scale, rtol=1e-4, atol=1e-3)


@needs_compiler
def test_bfloat16_rounds_as_torch_does() -> None:
    dynamics = Dynamics(0.5, "rectangle", 1.0, "hard", False, "binary")
    odd = torch.tensor([float("nan"), float("inf"), 1 + 2**-8, 1 + 3 * 2**-8, 1e-40, -3.1415927])
    found = cpu.forward(torch.ones(1, 6, dtype=torch.bfloat16), 0.5, dynamics, Scale(odd, 1))
    torch.testing.assert_close(found[0], odd.bfloat16(), rtol=0, atol=0, equal_nan=True)


@needs_compiler
@pytest.mark.parametrize("amplitudes", [scale(1, 40_000), scale(40, 100), scale(40, 1)])
def test_the_number_of_threads_changes_no_bit(amplitudes: Scale) -> None:
    dynamics = Dynamics(0.5, "atan", 1.0, "hard", False, "binary")
    currents, grad = torch.randn(2, 4, 40_000, generator=torch.Generator().manual_seed(1))
    results = []
    before = torch.get_num_threads()
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            results.append(
                cpu.backward(grad, currents, 0.25, dynamics, amplitudes, learn_decay=True)
            )
    finally:
        torch.set_num_threads(before)
    for found in results[1:]:
        for part, wanted in zip(found, results[0], strict=True):
            assert torch.equal(part, wanted)  # type: ignore[arg-type]


@needs_compiler
@pytest.mark.skipif(torch.cuda.is_available(), reason="for machines without a GPU")
def test_the_compiled_kernel_is_chosen_for_float32_and_not_for_float64() -> None:
    assert cpu.serves(torch.zeros(4, 8))
    assert cpu.serves(torch.zeros(4, 8, dtype=torch.bfloat16))
    assert not cpu.serves(torch.zeros(4, 8, dtype=torch.float64))
    assert not cpu.serves(torch.zeros(65, 8))
    assert not gpu.serves(torch.zeros(4, 8))
    dynamics = Dynamics(0.5, "rectangle", 1.0, "hard", False, "binary")
    assert kernels.neuron_forward(torch.ones(65, 8), 0.5, dynamics).shape == (65, 8)
