from __future__ import annotations

import gzip
import shutil
from pathlib import Path

import pytest
import torch

from rscore import data
from rscore.data import idx
from rscore.errors import DatasetCorruptError, DatasetMissingError
from rscore.spec import RunSpec
from tests.rscore.data.idx_files import idx_bytes, write_tiny
from tests.rscore.data.real import REAL, needs

needs_real_data = needs("fashion-mnist")
FASHION = RunSpec(dataset="fashion-mnist")


def test_tiny_files_become_tensors(tmp_path: Path) -> None:
    info = write_tiny(tmp_path)
    loaded = idx.load("tiny", info, tmp_path)
    assert loaded.train.inputs.shape == (6, 1, 4, 4)
    assert loaded.test.inputs.shape == (3, 1, 4, 4)
    assert loaded.train.inputs.dtype == torch.uint8
    assert loaded.train.head(1)[0][0, 0, 0].tolist() == pytest.approx(
        [0, 1 / 255, 2 / 255, 3 / 255]
    )
    assert loaded.train.labels.tolist() == [0, 1, 2, 3, 4, 5]
    assert loaded.test.labels.tolist() == [0, 1, 2]


def test_missing_files_are_named_with_both_remedies(tmp_path: Path) -> None:
    with pytest.raises(DatasetMissingError) as raised:
        data.load(RunSpec(dataset="mnist"), tmp_path)
    message = str(raised.value)
    assert message == data.missing("mnist", tmp_path)
    assert str(tmp_path / "mnist") in message
    assert "train-images-idx3-ubyte.gz" in message
    assert "`realspike data fetch mnist`" in message
    assert "put the original files there" in message


def test_a_file_of_another_size_counts_as_missing(tmp_path: Path) -> None:
    info = write_tiny(tmp_path)
    (tmp_path / "t10k-labels-idx1-ubyte.gz").write_bytes(b"half a download")
    with pytest.raises(DatasetMissingError, match=r"missing t10k-labels-idx1-ubyte\.gz;"):
        idx.load("tiny", info, tmp_path)


def test_a_file_with_another_checksum_is_refused(tmp_path: Path) -> None:
    info = write_tiny(tmp_path)
    path = tmp_path / "train-labels-idx1-ubyte.gz"
    content = bytearray(path.read_bytes())
    content[-9] ^= 1
    path.write_bytes(content)
    with pytest.raises(DatasetCorruptError, match=r"train-labels.*is not the original: its MD5"):
        idx.load("tiny", info, tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"not gzip at all", "is not a whole gzip file"),
        (idx_bytes((2,), b"ab")[:-10], "is not a whole gzip file"),
        (gzip.compress(b""), "is not an IDX file"),
        (gzip.compress(b"\0\0\x0d\x01\0\0\0\x01abcd"), "is not an IDX file"),
        (gzip.compress(b"\0\0\x08\x03\0\0"), "is not an IDX file"),
        (idx_bytes((3, 2), b"abcd"), "its header says 6 elements, it has 4"),
    ],
)
def test_what_is_no_idx_file_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "file.gz"
    path.write_bytes(content)
    with pytest.raises(DatasetCorruptError, match=message):
        idx.read_idx(path)


def test_images_and_labels_must_agree(tmp_path: Path) -> None:
    info = write_tiny(tmp_path)
    with pytest.raises(DatasetCorruptError, match="with labels"):
        idx._split(
            {
                "t10k-images-idx3-ubyte.gz": tmp_path / "t10k-images-idx3-ubyte.gz",
                "t10k-labels-idx1-ubyte.gz": tmp_path / "train-labels-idx1-ubyte.gz",
            },
            "t10k",
            info,
        )


@needs_real_data
def test_real_fashion_mnist() -> None:
    assert data.missing("fashion-mnist", REAL) is None
    loaded = data.load(FASHION, REAL)
    assert loaded.train.inputs.shape == (60_000, 1, 28, 28)
    assert loaded.train.labels.bincount().tolist() == [6000] * 10
    assert loaded.test.labels.bincount().tolist() == [1000] * 10
    assert loaded.train.inputs.double().mean().item() / 255 == pytest.approx(0.2860, abs=1e-4)
    assert loaded.train.labels[:5].tolist() == [9, 0, 0, 3, 0]


@needs_real_data
def test_one_bit_of_real_fashion_mnist(tmp_path: Path) -> None:
    folder = tmp_path / "fashion-mnist"
    folder.mkdir()
    for file in FASHION.data.files:
        shutil.copyfile(REAL / "fashion-mnist" / file.name, folder / file.name)
    path = folder / "t10k-labels-idx1-ubyte.gz"
    content = bytearray(path.read_bytes())
    content[2000] ^= 1
    path.write_bytes(content)
    with pytest.raises(DatasetCorruptError, match="`realspike data fetch fashion-mnist`"):
        data.load(FASHION, tmp_path)
