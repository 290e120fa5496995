"""cifar10 and cifar100: the authors' binary archive, their python archive, or either unpacked.

Binary: records of one label byte (cifar100: coarse, then fine) and 3,072 pixels, channel by
channel. Python: pickled dictionaries, read as data by rscore.data.safe_pickle.

Source: A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rscore.data.originals import checked, folder_members, require, tar_members
from rscore.datasets import DatasetInfo
from rscore.errors import DatasetCorruptError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rscore.data.samples import Dataset, TensorSamples

_SIDE = 32
_PIXELS = 3 * _SIDE * _SIDE


@dataclass(frozen=True, slots=True)
class _Layout:
    """Names inside one form of a data set."""

    folder: str
    train: tuple[str, ...]
    test: tuple[str, ...]
    label_bytes: int = 0
    """Label bytes of a binary record, the last of which counts; 0 for pickles."""
    label_key: str = ""


_LAYOUTS = {
    "cifar10": (
        _Layout(
            "cifar-10-batches-bin",
            tuple(f"data_batch_{number}.bin" for number in range(1, 6)),
            ("test_batch.bin",),
            label_bytes=1,
        ),
        _Layout(
            "cifar-10-batches-py",
            tuple(f"data_batch_{number}" for number in range(1, 6)),
            ("test_batch",),
            label_key="labels",
        ),
    ),
    "cifar100": (
        _Layout("cifar-100-binary", ("train.bin",), ("test.bin",), label_bytes=2),
        _Layout("cifar-100-python", ("train",), ("test",), label_key="fine_labels"),
    ),
}


def load(name: str, info: DatasetInfo, folder: Path) -> Dataset:
    """The whole data set from the first form that is there: binary before python.

    Images are [N, 3, 32, 32] uint8 that stand for pixel / 255, labels [N] int64. An archive is
    checked by its MD5; a folder by the shapes and labels in its files.

    Raises:
        DatasetMissingError: with the exact remedy.
        DatasetCorruptError: naming the file that is wrong.
    """
    require(name, info, folder)
    from rscore.data.samples import Dataset

    layout, place, contents = _contents(name, info, folder)
    return Dataset(
        _split(layout, layout.train, place, contents, info),
        _split(layout, layout.test, place, contents, info),
    )


def _contents(name: str, info: DatasetInfo, folder: Path) -> tuple[_Layout, Path, dict[str, bytes]]:
    layouts = _LAYOUTS[name]
    archives = (*info.files, *info.instead)
    for layout, file in zip(layouts, archives, strict=True):
        if file.size_fits(folder / file.name):
            path = checked(file, folder)
            return layout, path, tar_members(path, (*layout.train, *layout.test))
    layout = next(layout for layout in layouts if (folder / layout.folder).is_dir())
    place = folder / layout.folder
    return layout, place, folder_members(place, (*layout.train, *layout.test))


def _split(
    layout: _Layout,
    names: Sequence[str],
    place: Path,
    contents: dict[str, bytes],
    info: DatasetInfo,
) -> TensorSamples:
    import numpy as np
    import torch

    from rscore.data.samples import TensorSamples

    parts = []
    for name in names:
        try:
            parts.append(_read(layout, contents.pop(name), len(info.classes)))
        except DatasetCorruptError as error:
            raise DatasetCorruptError(
                f"{name} in {place}: {error}; delete {place} and put the original there"
            ) from error
    pixels = np.concatenate([pixels for pixels, _ in parts]).reshape(-1, 3, _SIDE, _SIDE)
    labels = np.concatenate([labels for _, labels in parts]).astype(np.int64)
    return TensorSamples(torch.from_numpy(pixels), torch.from_numpy(labels), divisor=255.0)


def _read(
    layout: _Layout, content: bytes, classes: int
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Pixels [N, 3072] and labels [N] of one file."""
    pixels, labels = (_records if layout.label_bytes else _pickled)(layout, content)
    if pixels.shape != (len(labels), _PIXELS) or not len(labels):
        raise DatasetCorruptError(f"images and labels are not [N, {_PIXELS}] and [N]")
    if labels.min() < 0 or labels.max() >= classes:
        raise DatasetCorruptError(f"a label is not one of the {classes} classes")
    return pixels, labels


def _records(layout: _Layout, content: bytes) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    import numpy as np

    record = layout.label_bytes + _PIXELS
    if len(content) % record:
        raise DatasetCorruptError(f"{len(content)} bytes are no whole records of {record}")
    records = np.frombuffer(content, np.uint8).reshape(-1, record)
    return records[:, layout.label_bytes :], records[:, layout.label_bytes - 1].astype(np.int64)


def _pickled(layout: _Layout, content: bytes) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    import numpy as np

    from rscore.data.safe_pickle import read_pickle

    fields = read_pickle(content)
    pixels, labels = fields.get("data"), fields.get(layout.label_key)
    if (
        not isinstance(pixels, np.ndarray)
        or not isinstance(labels, list)
        or not all(isinstance(label, int) for label in labels)
    ):
        raise DatasetCorruptError(f"it lacks an array 'data' or a list {layout.label_key!r}")
    return pixels, np.array(labels, np.int64)
