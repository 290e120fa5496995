"""A journal: documents appended one after the other, and how far they were dealt with.

A document is one line, a checksum and its JSON, in a numbered segment that is only appended to.
It counts when its whole line is there: what a killed process or a power cut left of a line is told
by its missing end or its checksum, and passed over.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

from client.spool.disk import sync_folder, write_whole
from client.spool.locks import locked
from client.wire import Json

SEGMENT_BYTES = 4 * 1024**2
"""A segment of this size is followed by the next one, and can be deleted when it is done with."""
SUFFIX = ".journal"


class Place(NamedTuple):
    """A place in the journal, after some document; places are in the order of documents."""

    segment: int
    offset: int


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the journal: the place after it, and its document unless it is damaged."""

    after: Place
    document: Json | None


class Journal:
    """The journal in a folder; any number of processes may append to it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._appending = folder / "append.lock"
        self._position = folder / "position.json"

    def append(self, document: Json) -> Place:
        """Add a document, on the disk when this returns; the place after it."""
        line = _spell(document)
        with self.held():
            number = max([self.position().segment, *self._segments()])
            if self._size(number) >= SEGMENT_BYTES:
                number += 1
            path = self._path(number)
            is_new = not path.exists()
            with path.open("a+b", buffering=0) as segment:
                size = _append(segment, line)
            if is_new:
                sync_folder(self._folder)
        return Place(number, size)

    def read(self, start: Place) -> Iterator[Line]:
        """Every line after a place; one that is only being written is left out."""
        segments = [number for number in self._segments() if number >= start.segment]
        for number in segments:
            offset = start.offset if number == start.segment else 0
            with suppress(FileNotFoundError), self._path(number).open("rb") as segment:
                segment.seek(offset)
                for line in segment:
                    if not line.endswith(b"\n") and number == segments[-1]:
                        return
                    offset += len(line)
                    yield Line(Place(number, offset), _parse(line))

    def position(self) -> Place:
        """The place up to which everything was dealt with."""
        try:
            known = json.loads(self._position.read_text(encoding="utf-8"))
            return Place(int(known["segment"]), int(known["offset"]))
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return Place(1, 0)  # all that is there: to deliver it once more does no harm

    def advance(self, to: Place) -> None:
        """Note that everything up to a place was dealt with; segments before it go."""
        write_whole(self._position, json.dumps(to._asdict()))
        for number in self._segments():
            if number < to.segment:
                self._path(number).unlink(missing_ok=True)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Nobody appends during the block; do not append in it."""
        with locked(self._appending):
            yield

    def is_empty(self) -> bool:
        """True when everything was dealt with."""
        return next(self.read(self.position()), None) is None

    def clear(self) -> bool:
        """Delete every segment of an empty journal that is held.

        True when the beginning of a line went, which somebody left who died while appending.
        """
        position, segments = self.position(), self._segments()
        if not segments:
            return False
        newest = segments[-1]
        done = position.offset if newest == position.segment else 0
        torn = self._size(newest) > done
        self.advance(Place(newest + 1, 0))
        return torn

    def _segments(self) -> list[int]:
        return sorted(int(path.stem) for path in self._folder.glob(f"*{SUFFIX}"))

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:08d}{SUFFIX}"

    def _size(self, number: int) -> int:
        path = self._path(number)
        return path.stat().st_size if path.exists() else 0


def _append(segment: BinaryIO, line: bytes) -> int:
    """Put a line at the end, whole or not at all; the size then."""
    before = segment.seek(0, os.SEEK_END)
    if before:
        segment.seek(before - 1)
        if segment.read(1) != b"\n":
            line = b"\n" + line  # somebody died while appending; this ends the line of theirs
    try:
        written = 0
        while written < len(line):
            written += segment.write(line[written:])
        os.fsync(segment.fileno())
    except OSError:
        with suppress(OSError):
            segment.truncate(before)
        raise
    return before + written


def _spell(document: Json) -> bytes:
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    return b"%08x %s\n" % (zlib.crc32(text), text)


def _parse(line: bytes) -> Json | None:
    checksum, _, text = line.removesuffix(b"\n").partition(b" ")
    if checksum != b"%08x" % zlib.crc32(text):
        return None
    document: Json = json.loads(text)
    return document
