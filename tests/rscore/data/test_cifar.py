from __future__ import annotations

import hashlib
import io
import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from rscore.data import cifar
from rscore.datasets import DATASETS, DatasetFile, DatasetInfo
from rscore.errors import DatasetCorruptError, DatasetMissingError
from tests.rscore.data import old_pickle

PER_FILE = 2


def pixels(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (PER_FILE, 3072), dtype=np.uint8)


def binary(name: str, seed: int, labels: list[int]) -> bytes:
    coarse = [[17]] * PER_FILE if name == "cifar100" else [[]] * PER_FILE
    rows = zip(coarse, labels, pixels(seed), strict=True)
    return b"".join(bytes([*first, label]) + row.tobytes() for first, label, row in rows)


def pickled(name: str, seed: int, labels: list[int]) -> bytes:
    key = "fine_labels" if name == "cifar100" else "labels"
    return old_pickle.dictionary(
        {key: old_pickle.numbers(labels), "data": old_pickle.array(pixels(seed))}
    )


FORMS = {
    "cifar10": {
        "binary": (
            "cifar-10-batches-bin",
            [*(f"data_batch_{i}.bin" for i in range(1, 6))],
            "test_batch.bin",
        ),
        "python": (
            "cifar-10-batches-py",
            [*(f"data_batch_{i}" for i in range(1, 6))],
            "test_batch",
        ),
    },
    "cifar100": {
        "binary": ("cifar-100-binary", ["train.bin"], "test.bin"),
        "python": ("cifar-100-python", ["train"], "test"),
    },
}


def contents(name: str, form: str) -> dict[str, bytes]:
    """The files of a form: training file number i has the pixels of seed i, the test file of 0."""
    _, train, test = FORMS[name][form]
    write = binary if form == "binary" else pickled
    files = {file: write(name, i, [i, 9 - i]) for i, file in enumerate(train, start=1)}
    return {**files, test: write(name, 0, [3, 4])}


def unpacked(name: str, form: str, folder: Path) -> Path:
    place = folder / FORMS[name][form][0]
    place.mkdir()
    for file, content in contents(name, form).items():
        (place / file).write_bytes(content)
    return place


def archived(name: str, form: str, folder: Path) -> DatasetInfo:
    """Writes the archive, and gives the data set's facts with this archive's own MD5."""
    info = DATASETS[name]  # type: ignore[index]
    position = ("binary", "python").index(form)
    files = [info.files[0], info.instead[0]]
    path = folder / files[position].name
    with tarfile.open(path, "w:gz") as archive:
        for file, content in contents(name, form).items():
            member = tarfile.TarInfo(f"{FORMS[name][form][0]}/{file}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    content = path.read_bytes()
    known = DatasetFile(path.name, len(content), hashlib.md5(content).hexdigest(), ("http://x",))
    files[position] = known
    return replace(info, files=(files[0],), instead=(files[1],))


@pytest.mark.parametrize("name", ["cifar10", "cifar100"])
@pytest.mark.parametrize("form", ["binary", "python"])
@pytest.mark.parametrize("packed", [False, True])
def test_every_form_gives_the_same_samples(
    tmp_path: Path, name: str, form: str, *, packed: bool
) -> None:
    info = DATASETS[name]  # type: ignore[index]
    if packed:
        info = archived(name, form, tmp_path)
    else:
        unpacked(name, form, tmp_path)
    loaded = cifar.load(name, info, tmp_path)

    parts = len(FORMS[name]["binary"][1])
    images, labels = loaded.train.head(100)
    expected = np.concatenate([pixels(seed) for seed in range(1, parts + 1)])
    assert images.shape == (parts * PER_FILE, 3, 32, 32)
    assert torch.equal(images.flatten(1) * 255, torch.from_numpy(expected).float())
    assert labels.tolist() == [label for i in range(1, parts + 1) for label in (i, 9 - i)]
    assert loaded.test.head(1)[1].tolist() == [3]
    assert loaded.train.inputs.dtype == torch.uint8  # type: ignore[attr-defined]


def test_without_any_form_every_way_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetMissingError) as raised:
        cifar.load("cifar10", DATASETS["cifar10"], tmp_path)
    for part in (
        "`realspike data fetch cifar10`",
        "cifar-10-python.tar.gz",
        "cifar-10-batches-py/",
    ):
        assert part in str(raised.value)


def test_an_archive_with_another_checksum_is_refused(tmp_path: Path) -> None:
    info = archived("cifar10", "python", tmp_path)
    path = tmp_path / "cifar-10-python.tar.gz"
    content = bytearray(path.read_bytes())
    content[-9] ^= 1
    path.write_bytes(content)
    with pytest.raises(DatasetCorruptError, match=r"python\.tar\.gz is not the original: its MD5"):
        cifar.load("cifar10", info, tmp_path)


@pytest.mark.parametrize(
    ("form", "file", "content", "message"),
    [
        ("binary", "test_batch.bin", b"x" * 3074, "no whole records of 3073"),
        ("binary", "test_batch.bin", b"", r"not \[N, 3072\]"),
        ("binary", "test_batch.bin", bytes([10]) * 3073, "not one of the 10 classes"),
        ("python", "test_batch", b"x", "no pickle of plain data"),
        ("python", "test_batch", old_pickle.dictionary({}), "lacks an array 'data'"),
        (
            "python",
            "test_batch",
            old_pickle.dictionary(
                {"labels": old_pickle.numbers([1]), "data": old_pickle.array(pixels(0))}
            ),
            r"not \[N, 3072\]",
        ),
    ],
)
def test_a_broken_file_is_named(
    tmp_path: Path, form: str, file: str, content: bytes, message: str
) -> None:
    place = unpacked("cifar10", form, tmp_path)
    (place / file).write_bytes(content)
    with pytest.raises(DatasetCorruptError, match=message) as raised:
        cifar.load("cifar10", DATASETS["cifar10"], tmp_path)
    assert f"{file} in {place}" in str(raised.value)


def test_a_file_that_is_absent_is_named(tmp_path: Path) -> None:
    (unpacked("cifar10", "binary", tmp_path) / "data_batch_3.bin").unlink()
    with pytest.raises(DatasetCorruptError, match=r"lacks data_batch_3\.bin"):
        cifar.load("cifar10", DATASETS["cifar10"], tmp_path)
