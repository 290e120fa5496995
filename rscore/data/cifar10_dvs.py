"""cifar10-dvs: 1,000 recordings a class of CIFAR-10 images that move on a screen.

<class>/cifar10_<class>_<number>.aedat, AEDAT 2.0, in one archive per class or unpacked. The
authors give no split. Here recordings 0 to 899 of every class are for training and 900 to 999 for
test, always. A folder with fewer recordings gives what is there.

Source: H. Li et al., CIFAR10-DVS: An Event-Stream Dataset for Object Classification, Frontiers in
Neuroscience 2017.
"""

from __future__ import annotations

from pathlib import Path

from rscore.data.class_folders import as_recordings, members
from rscore.data.event_files import Events, parse_aedat2
from rscore.data.recordings import Recordings
from rscore.datasets import DATASETS, missing_files

FIRST_TEST_NUMBER = 900


def recordings(folder: Path) -> tuple[Recordings, Recordings]:
    """The training and the test split; raises DatasetCorruptError."""
    info = DATASETS["cifar10-dvs"]
    labels = {name: index for index, name in enumerate(info.classes)}
    archived = not missing_files(info, folder)
    places = [folder / (f"{name}.zip" if archived else name) for name in info.classes]
    found = members(places, labels, ".aedat")

    originals = info.files if archived else ()
    train = [member for member in found if member.number < FIRST_TEST_NUMBER]
    test = [member for member in found if member.number >= FIRST_TEST_NUMBER]
    return (
        as_recordings(train, _upright, originals, folder),
        as_recordings(test, _upright, originals, folder),
    )


def _upright(content: bytes, source: str) -> Events:
    """The camera lay on its side: its y runs along the image's rows, and both axes backwards."""
    events = parse_aedat2(content, source)
    side = DATASETS["cifar10-dvs"].size - 1
    return Events(side - events.y, side - events.x, events.time, events.polarity)
