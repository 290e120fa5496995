"""Recordings: one split of an event data set, turned into the frames that a spec asks for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rscore.data.event_files import Events
from rscore.data.frames import to_frames
from rscore.spec import RunSpec

if TYPE_CHECKING:
    from torch import Tensor

_LARGEST = 32_767
"""Counts are kept as uint8, or as int16 where a pixel saw more than 255 events."""


@dataclass(frozen=True, slots=True)
class Recordings:
    """The recordings of one split in their fixed order."""

    labels: tuple[int, ...]
    read: Callable[[int], Iterator[tuple[str, Events]]]
    """The first so many recordings: a name for errors, and the events."""
    files: tuple[Path, ...]
    """What they are read from."""

    @property
    def bytes(self) -> int:
        """Bytes of all files."""
        return sum(path.stat().st_size for path in self.files)

    def stamp(self) -> str:
        """SHA-256 over names, sizes and times of the files: it changes when they do."""
        digest = hashlib.sha256()
        for path in self.files:
            about = path.stat()
            digest.update(json.dumps([str(path), about.st_size, about.st_mtime_ns]).encode())
        return digest.hexdigest()


def count_frames(recordings: Recordings, spec: RunSpec, count: int) -> Tensor:
    """Event counts [count, T, 2, S, S] of the first recordings, uint8 or int16, not scaled."""
    import torch

    frames = np.zeros((count, *spec.input_shape), np.uint8)
    for index, (source, events) in enumerate(recordings.read(count)):
        one = to_frames(
            events,
            num_timesteps=spec.num_timesteps,
            slicing=spec.event_slicing,
            sensor=spec.data.size,
            size=spec.size,
            source=source,
        )
        if frames.dtype == np.uint8 and one.max() > np.iinfo(np.uint8).max:
            frames = frames.astype(np.int16)
        frames[index] = one.clip(max=_LARGEST)
    return torch.from_numpy(frames)
