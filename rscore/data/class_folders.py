"""Recordings sorted into one folder per class, on the disk or inside zip archives."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from rscore.data.event_files import Events
from rscore.data.originals import broken_archives_refused, checked
from rscore.data.recordings import Recordings
from rscore.datasets import DatasetFile
from rscore.errors import DatasetCorruptError


@dataclass(frozen=True, slots=True)
class Member:
    """One recording: a file below a folder, or a member of a zip archive."""

    place: Path
    name: str
    number: int
    label: int


def members(places: Sequence[Path], labels: Mapping[str, int], suffix: str) -> list[Member]:
    """All <class>/<name><number><suffix> in folders or zip archives, by number, then class.

    In this order the first n hold the classes as evenly as the numbers do.

    Raises:
        DatasetCorruptError: if an archive is broken, or there is no recording.
    """
    pattern = re.compile(rf"(?:^|/)({'|'.join(labels)})/[^/.]*?(\d+){re.escape(suffix)}$")
    found = [
        Member(place, name, int(match[2]), labels[match[1]])
        for place in places
        for name in _names(place, suffix)
        if (match := pattern.search(f"{place.name}/{name}"))
    ]
    if not found:
        where = ", ".join(map(str, places))
        raise DatasetCorruptError(
            f"{where}: there is no recording <class>/<number>{suffix}; put the original there"
        )
    return sorted(found, key=lambda member: (member.number, member.label))


def as_recordings(
    chosen: Sequence[Member],
    parse: Callable[[bytes, str], Events],
    archives: Sequence[DatasetFile],
    folder: Path,
) -> Recordings:
    """Members as the recordings of a split; the archives are checked before any is read."""

    def read(count: int) -> Iterator[tuple[str, Events]]:
        for file in archives:
            checked(file, folder)
        for source, content in _contents(chosen[:count]):
            yield source, parse(content, source)

    return Recordings(
        labels=tuple(member.label for member in chosen),
        read=read,
        files=tuple(dict.fromkeys(map(_file, chosen))),
    )


def _names(place: Path, suffix: str) -> list[str]:
    if place.is_dir():
        return [path.relative_to(place).as_posix() for path in place.rglob(f"*{suffix}")]
    with broken_archives_refused(place), zipfile.ZipFile(place) as archive:
        return archive.namelist()


def _file(member: Member) -> Path:
    return member.place / member.name if member.place.is_dir() else member.place


def _contents(chosen: Sequence[Member]) -> Iterator[tuple[str, bytes]]:
    """For each member its name for errors, and its content."""
    with ExitStack() as opened:
        archives: dict[Path, zipfile.ZipFile] = {}
        for member in chosen:
            if member.place.is_dir():
                yield str(member.place / member.name), (member.place / member.name).read_bytes()
                continue
            with broken_archives_refused(member.place):
                if member.place not in archives:
                    archives[member.place] = opened.enter_context(zipfile.ZipFile(member.place))
                content = archives[member.place].read(member.name)
            yield f"{member.name} in {member.place}", content
