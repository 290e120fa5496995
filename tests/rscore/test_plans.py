from __future__ import annotations

import pytest

from rscore.plans import Place, residual_places


def test_places_of_basic_blocks() -> None:
    assert residual_places((2, 1), width=4, size=17) == [
        [Place(4, 4, 4, 17, 1), Place(4, 4, 4, 17, 1)],
        [Place(4, 8, 8, 17, 2)],
    ]


def test_places_of_bottlenecks() -> None:
    assert residual_places((2, 2), width=4, size=8, expansion=4) == [
        [Place(4, 4, 16, 8, 1), Place(16, 4, 16, 8, 1)],
        [Place(16, 8, 32, 8, 2), Place(32, 8, 32, 4, 1)],
    ]


@pytest.mark.parametrize(
    ("place", "shape", "reshapes"),
    [
        (Place(4, 4, 4, 17, 1), (4, 17, 17), False),
        (Place(4, 4, 16, 17, 1), (16, 17, 17), True),
        (Place(4, 8, 8, 17, 2), (8, 9, 9), True),
    ],
)
def test_what_a_place_asks_for(place: Place, shape: tuple[int, ...], reshapes: bool) -> None:
    assert place.shape == shape
    assert place.reshapes is reshapes
