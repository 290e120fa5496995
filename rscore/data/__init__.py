"""Data sets: one file per family, each with its loader; torch is imported only by `load`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rscore.data import digits, idx
from rscore.spec import DATASETS, DatasetName, RunSpec

if TYPE_CHECKING:
    from rscore.data.samples import Dataset

__all__ = ["fetch", "load", "missing"]


def missing(dataset: DatasetName, data_dir: Path) -> str | None:
    """Why a data set cannot be loaded from `data_dir`, with the exact remedy, or None.

    It looks at names and sizes only; `load` checks the contents as well.
    """
    if dataset == "digits":
        return digits.missing()
    return idx.missing(dataset, DATASETS[dataset], data_dir / dataset)


def fetch(dataset: DatasetName, data_dir: Path, *, progress: bool = False) -> list[Path]:
    """Download what is missing of a data set into `data_dir`, checked; the paths of its files.

    Raises:
        DatasetMissingError: if no mirror gives a file, or the package of digits is not installed.
        OSError: if the folder cannot be written to.
    """
    if dataset == "digits":
        digits.require()
        return []
    from rscore.data.fetching import fetch_files

    return fetch_files(dataset, DATASETS[dataset], data_dir / dataset, progress=progress)


def load(spec: RunSpec, data_dir: Path) -> Dataset:
    """The training and test split that a spec asks for, as tensors on the CPU.

    Raises:
        DatasetMissingError: with the exact remedy.
        DatasetCorruptError: if a file's checksum or header is wrong.
    """
    if spec.dataset == "digits":
        whole = digits.load()
    else:
        whole = idx.load(spec.dataset, spec.data, data_dir / spec.dataset)
    return whole.first(spec.train_samples, spec.test_samples)
