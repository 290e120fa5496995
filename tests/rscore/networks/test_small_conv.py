from __future__ import annotations

import pytest

from rscore.amplitude import Amplitude
from rscore.networks import build_network
from rscore.spec import Granularity, RunSpec


@pytest.mark.parametrize(
    ("granularity", "pooling", "shapes"),
    [
        ("binary", "average", []),
        ("layer", "average", [(1, 1, 1), (1, 1, 1)]),
        ("channel", "average", [(4, 1, 1), (8, 1, 1)]),
        ("element", "average", [(4, 8, 8), (8, 4, 4)]),
        ("element", "max", [(4, 4, 4), (8, 2, 2)]),
    ],
)
def test_amplitude_shapes(
    granularity: Granularity, pooling: str, shapes: list[tuple[int, ...]]
) -> None:
    network = build_network(RunSpec(width=4, granularity=granularity, pooling=pooling))
    found = [tuple(m.value.shape) for m in network.modules() if isinstance(m, Amplitude)]
    assert found == shapes
