from __future__ import annotations

import torch

from rscore.randomness import order, random_state, reproducible, restore_random_state

CPU = torch.device("cpu")


def test_order_visits_every_sample_once_and_differently_each_epoch() -> None:
    first, again, later, other = (
        order(50, seed=seed, epoch=epoch) for seed, epoch in ((0, 0), (0, 0), (0, 1), (1, 0))
    )
    assert first.sort().values.tolist() == list(range(50))
    assert torch.equal(first, again)
    assert not torch.equal(first, later)
    assert not torch.equal(first, other)


def test_reproducible_puts_everything_back() -> None:
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    with reproducible(CPU):
        assert torch.are_deterministic_algorithms_enabled()
        torch.manual_seed(0)
        torch.rand(10)
    assert not torch.are_deterministic_algorithms_enabled()
    assert torch.utils.deterministic.fill_uninitialized_memory
    assert torch.equal(torch.rand(2), expected)


def test_random_state_goes_on_where_it_was() -> None:
    with reproducible(CPU):
        saved = random_state(CPU)
        first = torch.rand(3)
        restore_random_state(saved, CPU)
        assert torch.equal(torch.rand(3), first)
