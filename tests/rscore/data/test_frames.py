from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rscore.data.event_files import Events
from rscore.data.frames import to_frames
from rscore.errors import DatasetCorruptError
from tests.rscore.data.event_bytes import Event


def events_of(rows: list[Event]) -> Events:
    table = np.array(rows, np.int64).reshape(-1, 4)
    return Events(table[:, 0], table[:, 1], table[:, 2], table[:, 3])


def frames(rows: list[Event], **changes: Any) -> np.ndarray:
    settings = {"num_timesteps": 2, "slicing": "time", "sensor": 4, "size": 4, "source": "r"}
    return to_frames(events_of(rows), **(settings | changes))


def test_row_is_y_column_is_x_and_channel_is_polarity() -> None:
    found = frames([(3, 1, 0, 1), (0, 2, 9, 0)])
    assert found.shape == (2, 2, 4, 4)
    assert found.sum() == 2
    assert found[0, 1, 1, 3] == 1
    assert found[1, 0, 2, 0] == 1


def test_slices_of_equal_time_and_of_equal_count() -> None:
    rows: list[Event] = [(0, 0, time, 0) for time in (100, 101, 102, 103, 110, 119)]
    assert frames(rows, slicing="time").sum((1, 2, 3)).tolist() == [4, 2]
    assert frames(rows, slicing="count").sum((1, 2, 3)).tolist() == [3, 3]
    assert frames(rows, slicing="time", num_timesteps=4).sum((1, 2, 3)).tolist() == [4, 0, 1, 1]
    assert frames(rows, slicing="count", num_timesteps=4).sum((1, 2, 3)).tolist() == [2, 1, 2, 1]


@pytest.mark.parametrize("slicing", ["time", "count"])
def test_the_order_in_the_file_does_not_matter(slicing: str) -> None:
    random = np.random.default_rng(0)
    rows: list[Event] = [(*random.integers(0, 4, 2).tolist(), t, t % 2) for t in range(50)]
    mixed = [rows[i] for i in random.permutation(50)]
    assert np.array_equal(frames(rows, slicing=slicing), frames(mixed, slicing=slicing))


def test_counts_add_up_in_smaller_frames() -> None:
    rows: list[Event] = [(x, y, 0, 1) for x in range(4) for y in range(4)]
    small = frames(rows, size=2, num_timesteps=1)
    assert small[0, 1].tolist() == [[4, 4], [4, 4]]
    assert frames(rows, size=3, num_timesteps=1)[0, 1].tolist() == [[4, 2, 2], [2, 1, 1], [2, 1, 1]]
    assert frames(rows, size=8, num_timesteps=1)[0, 1].sum() == 16


@pytest.mark.parametrize("slicing", ["time", "count"])
def test_no_event_or_one(slicing: str) -> None:
    assert frames([], slicing=slicing).sum() == 0
    assert frames([(1, 1, 7, 0)], slicing=slicing)[0, 0, 1, 1] == 1


def test_an_event_outside_the_sensor_is_refused() -> None:
    with pytest.raises(DatasetCorruptError, match="r has an event outside the 4x4 sensor"):
        frames([(1, 4, 0, 0)])
