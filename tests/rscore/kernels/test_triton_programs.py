"""The CUDA kernels against torch: on a GPU, or by Triton's interpreter where TRITON_INTERPRET=1."""

from __future__ import annotations

import itertools
import os
from typing import Any, get_args

import pytest
import torch

from rscore.kernels import Dynamics, Scale, gpu, reference
from rscore.spec import ResetKind, SpikeKind, SurrogateName

INTERPRETED = os.environ.get("TRITON_INTERPRET") == "1"
DEVICE = "cpu" if INTERPRETED else "cuda"

pytestmark = pytest.mark.skipif(
    not (INTERPRETED or torch.cuda.is_available()),
    reason="needs a CUDA device, or triton and TRITON_INTERPRET=1",
)


@pytest.mark.parametrize(
    ("surrogate", "reset", "detach", "spike"),
    list(
        itertools.product(
            get_args(SurrogateName), get_args(ResetKind), [False, True], get_args(SpikeKind)
        )
    ),
)
@pytest.mark.parametrize(
    ("shape", "amplitudes"), [((4, 700), None), ((3, 600), (20, 10)), ((1, 1), (1, 1))], ids=str
)
def test_spikes_and_gradients_are_those_of_torch(
    surrogate: Any,
    reset: Any,
    detach: bool,
    spike: Any,
    shape: tuple[int, int],
    amplitudes: tuple[int, int] | None,
) -> None:
    random = torch.Generator().manual_seed(0)
    dynamics = Dynamics(0.4, surrogate, 1.3, reset, detach, spike)
    scale = None
    if amplitudes is not None:
        period, run = amplitudes
        scale = Scale(torch.randn(period, generator=random).to(DEVICE), run)
    currents, grad = torch.randn(2, *shape, generator=random).to(DEVICE)
    expected = reference.forward(currents, 0.6, dynamics, scale)
    assert torch.equal(gpu.forward(currents, 0.6, dynamics, scale), expected)
    given = (grad, currents, 0.6, dynamics, scale)
    wanted = reference.backward(*given, learn_decay=True)
    for part, other in zip(gpu.backward(*given, learn_decay=True), wanted, strict=True):
        torch.testing.assert_close(part, other, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_keeps_the_membrane_in_float32(dtype: torch.dtype) -> None:
    dynamics = Dynamics(0.5, "rectangle", 1.0, "hard", False, "binary")
    currents = torch.randn(4, 900, generator=torch.Generator().manual_seed(1)).to(DEVICE, dtype)
    expected = reference.forward(currents.float(), 0.25, dynamics)
    assert torch.equal(gpu.forward(currents, 0.25, dynamics).float(), expected)
