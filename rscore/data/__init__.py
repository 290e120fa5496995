"""Data sets: one file per family, each with its loader; torch is imported only by `load`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from rscore.data import digits, imagenet, originals
from rscore.datasets import DATASETS, DatasetName, is_complete, missing_files, remedy
from rscore.spec import RunSpec

if TYPE_CHECKING:
    from rscore.data.samples import Dataset

__all__ = ["fetch", "load", "missing"]


def missing(dataset: DatasetName, data_dir: Path) -> str | None:
    """Why a data set cannot be loaded from `data_dir`, with the exact remedy, or None.

    It looks at names and sizes only; `load` checks the contents as well.
    """
    if dataset == "digits":
        return digits.missing()
    absent = remedy(dataset, DATASETS[dataset], data_dir / dataset)
    return absent or (imagenet.missing() if dataset == "imagenet" else None)


def fetch(dataset: DatasetName, data_dir: Path, *, progress: bool = False) -> list[Path]:
    """Download what is missing of a data set into `data_dir`, checked; the paths of its files.

    Nothing is fetched, and no path given, where another form of the data set is there.

    Raises:
        DatasetMissingError: if no mirror gives a file, the package of digits is not installed, or
            only a person can get the data set.
        OSError: if the folder cannot be written to.
    """
    if dataset == "digits":
        digits.require()
        return []
    info, folder = DATASETS[dataset], data_dir / dataset
    if info.by_hand:
        originals.require(dataset, info, folder)
        there = [file for file in info.files if (folder / file.name).is_file()]
        return [originals.checked(file, folder) for file in there]
    if missing_files(info, folder) and is_complete(info, folder):
        return []
    from rscore.data.fetching import fetch_files

    return fetch_files(dataset, info, folder, progress=progress)


def load(spec: RunSpec, data_dir: Path) -> Dataset:
    """The training and test split that a spec asks for, on the CPU.

    Images are [N, C, S, S] in [0, 1]; event recordings are counts [N, T, 2, S, S].

    Raises:
        DatasetMissingError: with the exact remedy.
        DatasetCorruptError: if a file's checksum or contents are wrong.
    """
    whole = _LOADERS[spec.dataset](spec, data_dir / spec.dataset)
    return whole.first(spec.train_samples, spec.test_samples)


def _digits(spec: RunSpec, _: Path) -> Dataset:
    return _at_size(digits.load(), spec)


def _idx(spec: RunSpec, folder: Path) -> Dataset:
    from rscore.data import idx

    return _at_size(idx.load(spec.dataset, spec.data, folder), spec)


def _cifar(spec: RunSpec, folder: Path) -> Dataset:
    from rscore.data import cifar

    return _at_size(cifar.load(spec.dataset, spec.data, folder), spec)


def _imagenet(spec: RunSpec, folder: Path) -> Dataset:
    return imagenet.load(folder, spec.size)


def _events(spec: RunSpec, folder: Path) -> Dataset:
    from rscore.data import cifar10_dvs, dvs128_gesture, n_mnist
    from rscore.data.frame_cache import load as load_frames

    originals.require(spec.dataset, spec.data, folder)
    families = {
        "n-mnist": n_mnist,
        "cifar10-dvs": cifar10_dvs,
        "dvs128-gesture": dvs128_gesture,
    }
    return load_frames(families[spec.dataset].recordings(folder), spec, folder)


def _at_size(whole: Dataset, spec: RunSpec) -> Dataset:
    from rscore.data.resize import resized
    from rscore.data.samples import Dataset

    cut = whole.first(spec.train_samples, spec.test_samples)
    return Dataset(resized(cut.train, spec.size), resized(cut.test, spec.size))


_LOADERS: Mapping[DatasetName, Callable[[RunSpec, Path], Dataset]] = {
    "digits": _digits,
    "mnist": _idx,
    "fashion-mnist": _idx,
    "kmnist": _idx,
    "cifar10": _cifar,
    "cifar100": _cifar,
    "imagenet": _imagenet,
    "n-mnist": _events,
    "cifar10-dvs": _events,
    "dvs128-gesture": _events,
}
