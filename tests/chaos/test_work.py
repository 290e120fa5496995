from __future__ import annotations

import random

import pytest

from chaos.work import plan, specs


@pytest.mark.parametrize("count", [1, 6, 20, 100])
def test_a_plan_has_so_many_runs_of_known_specs(count: int) -> None:
    items = plan(count, epochs=2, seeds=2, rng=random.Random(1))

    assert sum(item.runs for item in items) == count
    assert len({item.name for item in items}) == len(items)
    known = specs(2, 2)
    assert all(item.is_study or item.document["spec"] in known for item in items)


def test_a_seed_decides() -> None:
    first, again, other = (
        [item.name for item in plan(50, epochs=2, seeds=2, rng=random.Random(seed))]
        for seed in (1, 1, 2)
    )

    assert first == again != other
