"""imagenet: train/ and val/ with one sub-folder of images per class.

A class's label is the place of its folder's name among the sorted names of train/. Samples are
ordered by their place in the class, then by class, so that the first n hold the classes evenly.
There may be fewer classes and images than the official 1,000 and 1,281,167.

Source: O. Russakovsky et al., ImageNet Large Scale Visual Recognition Challenge, IJCV 2015.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

from rscore.data.originals import require
from rscore.datasets import DATASETS
from rscore.errors import DatasetCorruptError, DatasetMissingError

if TYPE_CHECKING:
    from rscore.data.folder_samples import FolderSamples
    from rscore.data.samples import Dataset

SUFFIXES = frozenset({".jpeg", ".jpg", ".png", ".webp"})


def missing() -> str | None:
    """What to install when the image decoder is not there, or None."""
    if importlib.util.find_spec("PIL") is None:
        return (
            "data set imagenet needs Pillow, which is not installed here: "
            "pip install 'realspike[worker]'"
        )
    return None


def load(folder: Path, size: int) -> Dataset:
    """Both splits as samples [N, 3, size, size] that are decoded when they are needed.

    Raises:
        DatasetMissingError: with the exact remedy.
        DatasetCorruptError: if train/ and val/ differ in their classes, or one holds no image.
    """
    require("imagenet", DATASETS["imagenet"], folder)
    what_to_do = missing()
    if what_to_do:
        raise DatasetMissingError(what_to_do)
    from rscore.data.samples import Dataset

    classes = _classes(folder / "train")
    unknown = sorted(set(_classes(folder / "val")) - set(classes))
    most = len(DATASETS["imagenet"].classes)
    if unknown or len(classes) > most:
        raise DatasetCorruptError(
            f"{folder / 'val'} has classes that train/ lacks: {', '.join(unknown[:3])}"
            if unknown
            else f"{folder / 'train'} has {len(classes)} classes, more than {most}"
        )
    return Dataset(*(_split(folder / part, classes, size) for part in ("train", "val")))


def _classes(place: Path) -> list[str]:
    return sorted(path.name for path in place.iterdir() if path.is_dir())


def _split(place: Path, classes: list[str], size: int) -> FolderSamples:
    import torch

    from rscore.data.folder_samples import FolderSamples

    found = sorted(
        (index, label, path)
        for label, name in enumerate(classes)
        for index, path in enumerate(_images(place / name))
    )
    if not found:
        raise DatasetCorruptError(f"{place} holds no image; put the originals there")
    return FolderSamples(
        paths=tuple(path for _, _, path in found),
        labels=torch.tensor([label for _, label, _ in found]),
        size=size,
    )


def _images(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
