"""n-mnist: MNIST digits seen by an event camera that moves, in their official split.

Train/<digit>/<number>.bin and Test/<digit>/<number>.bin, in the two archives or unpacked. Sorted
by number, samples come in MNIST's own order. A folder with fewer recordings gives what is there.

Source: G. Orchard, A. Jayawant, G. Cohen, N. Thakor, Converting static image datasets to spiking
neuromorphic datasets using saccades, Frontiers in Neuroscience 2015.
"""

from __future__ import annotations

from pathlib import Path

from rscore.data.class_folders import as_recordings, members
from rscore.data.event_files import parse_events40
from rscore.data.recordings import Recordings
from rscore.datasets import DATASETS, missing_files


def recordings(folder: Path) -> tuple[Recordings, Recordings]:
    """The training and the test split; raises DatasetCorruptError."""
    info = DATASETS["n-mnist"]
    labels = {digit: index for index, digit in enumerate(info.classes)}
    archived = not missing_files(info, folder)

    def split(part: str) -> Recordings:
        file = next(file for file in info.files if file.name == f"{part}.zip")
        place = folder / (file.name if archived else part)
        found = members([place], labels, ".bin")
        return as_recordings(found, parse_events40, [file] if archived else [], folder)

    return split("Train"), split("Test")
