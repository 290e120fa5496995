"""dvs128-gesture: 11 gestures of 29 people before a DVS128, in the official split by person.

DvsGesture.tar.gz is unpacked once beside itself. In DvsGesture/, trials_to_train.txt and
trials_to_test.txt name the trials <user>_<light>.aedat (AEDAT 3.1); each has a file
<user>_<light>_labels.csv that says when which gesture begins and ends, and each of these spans is
one sample. Trials that are named but absent are left out.

Source: A. Amir et al., A Low Power, Fully Event-Based Gesture Recognition System, CVPR 2017.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rscore.data.event_files import Events, read_aedat31
from rscore.data.originals import checked, unpack_flat
from rscore.data.recordings import Recordings
from rscore.datasets import DATASETS
from rscore.errors import DatasetCorruptError

_LISTS = {"train": "trials_to_train.txt", "test": "trials_to_test.txt"}


@dataclass(frozen=True, slots=True)
class Clip:
    """One gesture in a trial: class 0..10, and its span [start, end) in microseconds."""

    label: int
    start: int
    end: int


def recordings(folder: Path) -> tuple[Recordings, Recordings]:
    """The training and the test split; raises DatasetCorruptError."""
    place = folder / "DvsGesture"
    if not place.is_dir():
        (file,) = DATASETS["dvs128-gesture"].files
        unpack_flat(checked(file, folder), place, _is_wanted)
    return _split(place, "train"), _split(place, "test")


def read_clips(path: Path) -> list[Clip]:
    """The spans of a label file with the columns class (1..11), startTime_usec, endTime_usec.

    Raises:
        DatasetCorruptError: if it has other columns or values.
    """
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            clips = [
                Clip(int(row["class"]) - 1, int(row["startTime_usec"]), int(row["endTime_usec"]))
                for row in csv.DictReader(stream)
            ]
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise DatasetCorruptError(
            f"{path} is no file of gesture spans: {error}; put the original there"
        ) from error
    classes = len(DATASETS["dvs128-gesture"].classes)
    if any(not 0 <= clip.label < classes for clip in clips):
        raise DatasetCorruptError(f"{path} names a class outside 1..{classes}")
    return clips


def _split(place: Path, part: str) -> Recordings:
    listing = place / _LISTS[part]
    if not listing.is_file():
        raise DatasetCorruptError(f"{listing} is missing; put the original there")
    named = [place / line.strip() for line in listing.read_text().splitlines() if line.strip()]
    trials = [(path, read_clips(_labels(path))) for path in named if path.is_file()]
    if not trials:
        raise DatasetCorruptError(f"{place} holds no trial that {listing.name} names")
    return Recordings(
        labels=tuple(clip.label for _, clips in trials for clip in clips),
        read=lambda count: _read(trials, count),
        files=tuple(file for path, _ in trials for file in (path, _labels(path))),
    )


def _read(trials: Sequence[tuple[Path, list[Clip]]], count: int) -> Iterator[tuple[str, Events]]:
    for path, clips in trials:
        wanted = clips[:count]
        if not wanted:
            return
        count -= len(wanted)
        events = read_aedat31(path)
        for clip in wanted:
            inside = (events.time >= clip.start) & (events.time < clip.end)
            yield f"{path} from {clip.start} us", events.where(inside)


def _labels(trial: Path) -> Path:
    return trial.with_name(f"{trial.stem}_labels.csv")


def _is_wanted(name: str) -> bool:
    return name.endswith((".aedat", "_labels.csv")) or name in _LISTS.values()
