from __future__ import annotations

from typing import get_args

import pytest
import torch

from rscore.spec import SurrogateName
from rscore.surrogate import SURROGATES

NAMES = list(get_args(SurrogateName))


def test_the_table_is_the_spec_s() -> None:
    assert list(SURROGATES) == NAMES


@pytest.mark.parametrize("width", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("name", NAMES)
def test_even_with_peak_one_over_width_and_area_one(name: SurrogateName, width: float) -> None:
    surrogate = SURROGATES[name]
    distance = torch.linspace(-2000, 2000, 4_000_001, dtype=torch.float64)
    values = surrogate(distance, width)
    assert values.max().item() == pytest.approx(1 / width)
    torch.testing.assert_close(values, surrogate(-distance, width))
    assert torch.trapezoid(values, distance).item() == pytest.approx(1, abs=2e-3)


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("sigmoid", lambda d: torch.sigmoid(4 * d)),
        ("atan", lambda d: torch.atan(torch.pi * d) / torch.pi),
        ("fast-sigmoid", lambda d: d / (1 + 2 * d.abs())),
        ("tanh", lambda d: torch.tanh(2 * d) / 2),
    ],
)
def test_is_the_derivative_of_its_smooth_step(name: SurrogateName, function: object) -> None:
    distance = torch.linspace(-2.95, 3, 200, dtype=torch.float64, requires_grad=True)
    function(distance).sum().backward()  # type: ignore[operator]
    assert distance.grad is not None
    torch.testing.assert_close(SURROGATES[name](distance.detach(), 1.0), distance.grad)


def test_rectangle_and_triangle_by_hand() -> None:
    distance = torch.tensor([-1.0, -0.5, -0.25, 0.0, 0.5, 0.75, 3.0])
    assert SURROGATES["rectangle"](distance, 1.0).tolist() == [0, 0, 1, 1, 0, 0, 0]
    assert SURROGATES["triangle"](distance, 1.0).tolist() == [0, 0.5, 0.75, 1, 0.5, 0.25, 0]
