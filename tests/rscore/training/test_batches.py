from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from rscore.randomness import order
from rscore.training.batches import batch_indices, batches_per_epoch, opened


@pytest.mark.parametrize(
    ("samples", "batch_size", "batches"),
    [(1437, 64, 23), (64, 64, 1), (65, 64, 1), (66, 64, 2), (1, 64, 1), (3, 1, 3), (129, 64, 2)],
)
def test_a_single_sample_left_over_joins_the_batch_before(
    samples: int, batch_size: int, batches: int
) -> None:
    assert batches_per_epoch(samples, batch_size) == batches
    assert batches_per_epoch(samples, batch_size, 2) == batches


@pytest.mark.parametrize(
    ("samples", "ranks", "batches"), [(67, 4, 1), (68, 4, 2), (67, 3, 2), (3, 3, 1)]
)
def test_fewer_samples_than_ranks_join_the_batch_before(
    samples: int, ranks: int, batches: int
) -> None:
    assert batches_per_epoch(samples, 64, ranks) == batches


@pytest.mark.parametrize(("samples", "sizes"), [(21, [10, 11]), (25, [10, 10, 5]), (1, [1])])
def test_every_sample_is_in_one_batch(samples: int, sizes: list[int]) -> None:
    batches = batch_indices(samples, 10, len(sizes), seed=3, epoch=2)
    assert [len(batch) for batch in batches] == sizes
    assert torch.equal(torch.cat(batches), order(samples, seed=3, epoch=2))


class Fetching:
    """Samples that fetch ahead and must be told when it is enough."""

    def __init__(self) -> None:
        self.closed = False

    def batches(self, chosen: list[Tensor]) -> Iterator[tuple[Tensor, Tensor]]:
        try:
            yield from ((index, index) for index in chosen)
        finally:
            self.closed = True


def test_a_loader_is_closed_when_a_training_stops_early() -> None:
    samples = Fetching()
    with opened(samples, list(torch.arange(6).split(2))) as batches:  # type: ignore[arg-type]
        assert next(batches)[0].tolist() == [0, 1]
        assert not samples.closed
    assert samples.closed


def test_a_plain_iterator_will_do() -> None:
    class Plain:
        def batches(self, chosen: list[Tensor]) -> Iterator[tuple[Tensor, Tensor]]:
            return iter([(index, index) for index in chosen])

    with opened(Plain(), [torch.arange(2)]) as batches:  # type: ignore[arg-type]
        assert len(list(batches)) == 1
