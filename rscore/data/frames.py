"""Frames of event recordings: T slices of equal time or equal count, two polarity channels."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rscore.data.event_files import Events
from rscore.errors import DatasetCorruptError

Slicing = Literal["time", "count"]


def to_frames(
    events: Events, *, num_timesteps: int, slicing: Slicing, sensor: int, size: int, source: str
) -> NDArray[np.int64]:
    """How often each pixel of each frame saw an event: counts [T, 2, size, size].

    Channel 0 counts OFF, channel 1 ON. Slices of equal time divide the span from the first event
    to the last; slices of equal count differ by at most one event. A pixel of the sensor falls
    into the nearest pixel of the frame (floor(x * size / sensor)), so that counts add up when
    frames are smaller.

    Args:
        events: one recording, in any order.
        num_timesteps: T.
        slicing: "time" or "count".
        sensor: side of the sensor in pixels.
        size: side of a frame in pixels.
        source: the recording's name in errors.

    Raises:
        DatasetCorruptError: if an event lies outside the sensor.
    """
    if len(events) and max(events.x.max(), events.y.max()) >= sensor:
        raise DatasetCorruptError(
            f"{source} has an event outside the {sensor}x{sensor} sensor; put the original there"
        )
    step = _steps(events, num_timesteps, slicing)
    columns, rows = events.x * size // sensor, events.y * size // sensor
    cell = ((step * 2 + events.polarity) * size + rows) * size + columns
    counts = np.bincount(cell, minlength=num_timesteps * 2 * size * size)
    frames: NDArray[np.int64] = counts.reshape(num_timesteps, 2, size, size)
    return frames


def _steps(events: Events, num_timesteps: int, slicing: Slicing) -> NDArray[np.int64]:
    """The slice [N] that each event falls into."""
    if not len(events):
        return np.zeros(0, np.int64)
    if slicing == "time":
        since = events.time - events.time.min()
        step: NDArray[np.int64] = since * num_timesteps // (since.max() + 1)
        return step
    rank = np.empty(len(events), np.int64)
    rank[np.argsort(events.time, kind="stable")] = np.arange(len(events))
    return rank * num_timesteps // len(events)
