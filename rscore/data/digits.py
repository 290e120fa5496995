"""digits: scikit-learn's 1,797 handwritten digits, 8x8 grey, in one fixed split.

The split is part of the data set: stratified, 1,437 for training and 360 for test, drawn once
with a fixed seed. A spec's seed does not move it, so runs of different seeds meet the same test
samples. Both parts are shuffled, so that the first n samples of either hold every class.
"""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

from rscore.datasets import DATASETS
from rscore.errors import DatasetMissingError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rscore.data.samples import Dataset

SPLIT_SEED = 20_220_930
_PIXEL_MAX = 16.0


def missing() -> str | None:
    """What to install when scikit-learn, which carries the data, is not there, or None."""
    if importlib.util.find_spec("sklearn") is None:
        return (
            "data set digits comes with scikit-learn, which is not installed here: "
            "pip install 'realspike[worker]'"
        )
    return None


def require() -> None:
    """Raise DatasetMissingError unless the data can be loaded."""
    remedy = missing()
    if remedy:
        raise DatasetMissingError(remedy)


def load() -> Dataset:
    """All digits, [1437, 1, 8, 8] and [360, 1, 8, 8], pixels 0..16 scaled to [0, 1].

    Source: E. Alpaydin, C. Kaynak, Optical Recognition of Handwritten Digits, UCI 1998 (its test
    part), as scikit-learn carries it.
    """
    require()
    import torch
    from sklearn.datasets import load_digits

    from rscore.data.samples import Dataset, TensorSamples

    pixels, labels = load_digits(return_X_y=True)
    train, test = split(labels, DATASETS["digits"].test)
    images = torch.from_numpy(pixels).float().div_(_PIXEL_MAX).view(-1, 1, 8, 8)
    targets = torch.from_numpy(labels).long()
    return Dataset(
        TensorSamples(images[train], targets[train]), TensorSamples(images[test], targets[test])
    )


def split(labels: NDArray[np.int64], test: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Indices (train, test) of a stratified split that depends on `labels` alone.

    Each class gives its share of `test`, rounded down; the classes with the largest remainders
    give one more until `test` is reached.
    """
    import numpy as np

    random = np.random.RandomState(SPLIT_SEED)  # of all generators, its stream never changes
    classes, counts = np.unique(labels, return_counts=True)
    shares = counts * test / counts.sum()
    quotas = np.floor(shares).astype(np.int64)
    largest = np.argsort(quotas - shares, kind="stable")[: test - quotas.sum()]
    quotas[largest] += 1
    held_out = np.concatenate(
        [
            random.permutation(np.flatnonzero(labels == label))[:quota]
            for label, quota in zip(classes, quotas, strict=True)
        ]
    )
    kept = np.setdiff1d(np.arange(len(labels)), held_out)
    return random.permutation(kept), random.permutation(held_out)
