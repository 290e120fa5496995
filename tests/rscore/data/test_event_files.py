from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from rscore.data.event_files import Events, read_aedat2, read_aedat31, read_events40
from rscore.errors import DatasetCorruptError
from tests.rscore.data.event_bytes import Event, aedat2, aedat31, events40, packet31
from tests.rscore.data.real import REAL, needs

SOME: list[Event] = [(0, 0, 5, 1), (33, 2, 5, 0), (127, 126, 70_000, 1)]


def rows(events: Events) -> list[Event]:
    fields = (events.x, events.y, events.time, events.polarity)
    return list(zip(*(field.tolist() for field in fields), strict=True))


@pytest.mark.parametrize(
    ("read", "content"),
    [
        (read_events40, events40(SOME)),
        (read_aedat2, aedat2(SOME)),
        (read_aedat31, aedat31(packet31(SOME[:2]), packet31(SOME[2:]))),
    ],
)
def test_events_come_as_they_were_written(
    tmp_path: Path, read: Callable[[Path], Events], content: bytes
) -> None:
    path = tmp_path / "recording"
    path.write_bytes(content)
    assert rows(read(path)) == SOME


@pytest.mark.parametrize(
    ("read", "content"),
    [(read_events40, b""), (read_aedat2, aedat2([])), (read_aedat31, aedat31())],
)
def test_a_recording_without_events(
    tmp_path: Path, read: Callable[[Path], Events], content: bytes
) -> None:
    path = tmp_path / "recording"
    path.write_bytes(content)
    assert len(read(path)) == 0


def test_row_240_moves_the_clock_on(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(
        events40([(1, 1, 10, 1), (0, 240, 0, 0), (2, 2, 20, 0), (0, 240, 0, 0), (3, 3, 1, 1)])
    )
    assert rows(read_events40(path)) == [(1, 1, 10, 1), (2, 2, 8_212, 0), (3, 3, 16_385, 1)]


def test_aedat2_leaves_out_other_kinds_of_events(tmp_path: Path) -> None:
    path = tmp_path / "a.aedat"
    path.write_bytes(aedat2(SOME[:1]) + b"\0\0\x80\0\0\0\0\x09" + aedat2(SOME[1:])[27:])
    assert rows(read_aedat2(path)) == SOME


def test_aedat31_keeps_valid_events_of_polarity_on_one_clock(tmp_path: Path) -> None:
    path = tmp_path / "a.aedat"
    path.write_bytes(
        aedat31(
            packet31(SOME[:1]),
            packet31([(1, 1, 1, 1)], kind=0),
            packet31([(2, 2, 2, 1)], valid=0),
            packet31([(3, 4, 6, 0)], overflow=1),
        )
    )
    assert rows(read_aedat31(path)) == [SOME[0], (3, 4, 6 + 2**31, 0)]


@pytest.mark.parametrize(
    ("read", "content", "message"),
    [
        (read_events40, b"1234567", "no whole events of 5"),
        (read_aedat2, b"anything", "is no AEDAT 2.0 file"),
        (read_aedat2, aedat31(), "is no AEDAT 2.0 file"),
        (read_aedat2, aedat2(SOME)[:-3], "no whole events of 8"),
        (read_aedat31, aedat2(SOME), "is no AEDAT 3.1 file"),
        (read_aedat31, aedat31(packet31(SOME))[:-3], "damaged packet at byte 42"),
        (read_aedat31, aedat31(packet31(SOME), b"short"), "damaged packet at byte 94"),
        (read_aedat31, aedat31(packet31(SOME).replace(b"\x08\0\0\0", b"\x07\0\0\0", 1)), "damaged"),
    ],
)
def test_a_damaged_recording_is_named(
    tmp_path: Path, read: Callable[[Path], Events], content: bytes, message: str
) -> None:
    path = tmp_path / "recording"
    path.write_bytes(content)
    with pytest.raises(DatasetCorruptError, match=message) as raised:
        read(path)
    assert str(path) in str(raised.value)


@needs("n-mnist-small")
def test_real_n_mnist_has_the_events_of_its_list() -> None:
    place = REAL / "n-mnist-small"
    listed = list(csv.DictReader((place / "labels.csv").read_text().splitlines()))
    assert len(listed) == 248
    for row in listed:
        events = read_events40(place / row["path"])
        assert len(events) == int(row["events"])
        assert max(events.x.max(), events.y.max()) <= 33
        assert (np.diff(events.time) >= 0).all()


@needs("dvs128-gesture-clips")
def test_real_gesture_clips_have_the_events_of_their_list() -> None:
    place = REAL / "dvs128-gesture-clips"
    for row in csv.DictReader((place / "labels.csv").read_text().splitlines()):
        events = read_events40(place / row["path"])
        assert len(events) == int(row["events"])
        assert events.time.max() < 1_450_000
        assert set(events.polarity.tolist()) == {0, 1}


@needs("aedat2-sample")
def test_real_aedat2_sample() -> None:
    events = read_aedat2(REAL / "aedat2-sample" / "moving_dark_box_first40000.aedat")
    assert len(events) == 40_000
    assert (events.x.min(), events.x.max(), events.y.min(), events.y.max()) == (0, 127, 0, 127)
    assert (np.diff(events.time) >= 0).all()
