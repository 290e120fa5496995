from __future__ import annotations

import os
import pickle
from pathlib import Path

import numpy as np
import pytest

from rscore.data.safe_pickle import read_pickle
from rscore.errors import DatasetCorruptError
from tests.rscore.data import old_pickle

PIXELS = np.arange(24, dtype=np.uint8).reshape(2, 12)


def test_what_python_2_wrote() -> None:
    content = old_pickle.dictionary(
        {
            "batch_label": old_pickle.text("training batch 1 of 5"),
            "labels": old_pickle.numbers([6, 9]),
            "data": old_pickle.array(PIXELS),
        }
    )
    assert pickle.loads(content, encoding="latin1")["labels"] == [6, 9]
    found = read_pickle(content)
    assert found["batch_label"] == "training batch 1 of 5"
    assert found["labels"] == [6, 9]
    assert found["data"].dtype == np.uint8
    assert np.array_equal(found["data"], PIXELS)


@pytest.mark.parametrize("protocol", [3, 4, 5])
def test_what_python_3_writes(protocol: int) -> None:
    plain = {b"labels": [1, 300, -5, 2**40], b"names": ["a.png", b"b"], b"none": (None, True, ())}
    found = read_pickle(pickle.dumps(plain, protocol=protocol))
    assert found == {key.decode(): value for key, value in plain.items()}


def test_an_array_in_fortran_order() -> None:
    found = read_pickle(old_pickle.today({b"data": np.asfortranarray(PIXELS)}))
    assert np.array_equal(found["data"], PIXELS)


class Evil:
    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (f"touch {self.marker}",)


@pytest.mark.parametrize("protocol", [0, 2, 3, 4, 5])
def test_no_function_is_called(tmp_path: Path, protocol: int) -> None:
    marker = tmp_path / "was here"
    content = pickle.dumps({b"data": Evil(marker)}, protocol=protocol)
    with pytest.raises(DatasetCorruptError, match="refused"):
        read_pickle(content)
    assert not marker.exists()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no pickle",
        b"\x80\x02",
        b"\x80\x02.",
        b"\x80\x02K\x01.",
        b"\x80\x02}(U\x01au.",
        b"\x80\x02}U\x01acnumpy\nndarray\ns.",
        b"\x80\x02}(U\x01acbuiltins\neval\nU\x011\x85Ru.",
        b"\x80\x02}(U\x01acnumpy\nload\nu.",
        b"\x80\x02}h\x05.",
        b"\x80\x02}U\x01aK\x01b.",
        b"\x80\x02}(U\x01acnumpy.core.multiarray\n_reconstruct\n)Ru.",
        old_pickle.dictionary({"data": old_pickle.array(PIXELS, dtype="i8")}),
        old_pickle.dictionary({"data": old_pickle.array(PIXELS)}).replace(
            b"M\x0c\x00", b"M\x0d\x00"
        ),
        old_pickle.dictionary({"data": old_pickle.array(PIXELS)})[:-30],
    ],
)
def test_anything_but_plain_data_is_refused(content: bytes) -> None:
    with pytest.raises(DatasetCorruptError, match="no pickle of plain data"):
        read_pickle(content)
