"""Which samples are in which batch of an epoch, and the batches themselves one after another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from torch import Tensor

from rscore.data.samples import Samples
from rscore.randomness import order


def batches_per_epoch(samples: int, batch_size: int, ranks: int = 1) -> int:
    """Batches of an epoch; the last one may be smaller.

    A single sample left over joins the batch before it, because batch normalisation learns
    nothing good from one sample; so do fewer samples than there are ranks.
    """
    whole, rest = divmod(samples, batch_size)
    return whole + (rest >= max(2, ranks) or (rest > 0 and whole == 0))


def batch_indices(
    samples: int, batch_size: int, batches: int, *, seed: int, epoch: int
) -> list[Tensor]:
    """Indices of the samples in each of the `batches` of an epoch, in its random order."""
    positions = order(samples, seed=seed, epoch=epoch)
    starts = range(0, batches * batch_size, batch_size)
    ends = [*starts[1:], samples]
    return [positions[start:end] for start, end in zip(starts, ends, strict=True)]


@contextmanager
def opened(samples: Samples, chosen: Sequence[Tensor]) -> Iterator[Iterator[tuple[Tensor, Tensor]]]:
    """The batches of `chosen`, in order; what fetches them ahead is closed at the block's end."""
    batches = samples.batches(chosen)
    try:
        yield batches
    finally:
        close = getattr(batches, "close", None)
        if close is not None:
            close()
