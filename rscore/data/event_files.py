"""Readers of event camera recordings: the 5-byte format of N-MNIST, AEDAT 2.0 and AEDAT 3.1.

All give Events. Coordinates are the file's own; which way is up is for the data set to know.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rscore.errors import DatasetCorruptError

ATIS_OVERFLOW_ROW = 240
"""An ATIS recording's row number that stands for no pixel: its clock went on by 2^13 us."""
_ATIS_OVERFLOW = 1 << 13
_HEADER_3_1 = struct.Struct("<HHIIIIII")
_POLARITY_EVENT = 1


@dataclass(frozen=True, slots=True)
class Events:
    """The events of one recording, each field [N]."""

    x: NDArray[np.int64]
    y: NDArray[np.int64]
    time: NDArray[np.int64]
    """Microseconds."""
    polarity: NDArray[np.int64]
    """1 where it became brighter (ON), 0 where darker (OFF)."""

    def __len__(self) -> int:
        return len(self.time)

    def where(self, chosen: NDArray[np.bool_]) -> Events:
        """The events that are chosen."""
        return Events(self.x[chosen], self.y[chosen], self.time[chosen], self.polarity[chosen])


def read_events40(path: Path) -> Events:
    """A recording in the 5-byte format: x, y, then polarity (1 bit) and microseconds (23 bits).

    Source: G. Orchard et al., Converting static image datasets to spiking neuromorphic datasets
    using saccades, Frontiers in Neuroscience 2015.

    Raises:
        DatasetCorruptError: if its length is no multiple of 5 bytes.
    """
    return parse_events40(path.read_bytes(), str(path))


def parse_events40(content: bytes, source: str) -> Events:
    """The same, of a file's content; `source` names it in errors."""
    if len(content) % 5:
        raise DatasetCorruptError(
            f"{source} has {len(content)} bytes, no whole events of 5; put the original there"
        )
    cells = np.frombuffer(content, np.uint8).reshape(-1, 5).astype(np.int64)
    x, y = cells[:, 0], cells[:, 1]
    time = (cells[:, 2] & 0x7F) << 16 | cells[:, 3] << 8 | cells[:, 4]
    overflow = y == ATIS_OVERFLOW_ROW
    events = Events(x, y, time + _ATIS_OVERFLOW * np.cumsum(overflow), cells[:, 2] >> 7)
    return events.where(~overflow) if overflow.any() else events


def read_aedat2(path: Path) -> Events:
    """A DVS128 recording in AEDAT 2.0: lines that begin with #, then 8 bytes an event.

    Address and microseconds are 4 bytes each, big-endian. In the address, bit 0 is 0 for ON, bits
    1 to 7 are x, bits 8 to 14 are y. Events of other kinds (higher bits set) are left out.

    Raises:
        DatasetCorruptError: if it is no AEDAT 2.0 file, or ends within an event.
    """
    return parse_aedat2(path.read_bytes(), str(path))


def parse_aedat2(content: bytes, source: str) -> Events:
    """The same, of a file's content; `source` names it in errors."""
    if not content.startswith(b"#!AER-DAT2.0"):
        raise DatasetCorruptError(f"{source} is no AEDAT 2.0 file; put the original there")
    body = _after_comments(content)
    if (len(content) - body) % 8:
        raise DatasetCorruptError(
            f"{source} has {len(content) - body} bytes of events, no whole events of 8; put the "
            "original there"
        )
    words = np.frombuffer(content, ">u4", offset=body).reshape(-1, 2)
    address = words[:, 0].astype(np.int64)
    time = words[:, 1].astype(np.uint32).view(np.int32).astype(np.int64)
    events = Events(address >> 1 & 0x7F, address >> 8 & 0x7F, time, 1 - (address & 1))
    others = address >> 15 != 0
    return events.where(~others) if others.any() else events


def read_aedat31(path: Path) -> Events:
    """A recording in AEDAT 3.1: lines that begin with #, then packets, little-endian.

    A packet has a header of 28 bytes and then events of which those of polarity are kept: data
    (bit 0 valid, bit 1 polarity, bits 2 to 16 y, bits 17 to 31 x) and microseconds, 4 bytes each.

    Raises:
        DatasetCorruptError: if it is no AEDAT 3.1 file, or ends within a packet.
    """
    content = path.read_bytes()
    if not content.startswith(b"#!AER-DAT3.1"):
        raise DatasetCorruptError(f"{path} is no AEDAT 3.1 file; put the original there")
    position, packets = _after_comments(content), []
    while position < len(content):
        try:
            position, packet = _packet(content, position)
        except (struct.error, ValueError) as error:
            raise DatasetCorruptError(
                f"{path} has a damaged packet at byte {position}; put the original there"
            ) from error
        packets.append(packet)
    data, time = np.concatenate([np.zeros((2, 0), np.int64), *packets], axis=1)
    events = Events(data >> 17, data >> 2 & 0x7FFF, time, data >> 1 & 1)
    return events.where(data & 1 == 1)


def _packet(content: bytes, start: int) -> tuple[int, NDArray[np.int64]]:
    """Where the next packet begins, and this one's data and times [2, N]."""
    kind, _, size, offset, overflow, capacity, number, _ = _HEADER_3_1.unpack_from(content, start)
    body = start + _HEADER_3_1.size
    end = body + size * capacity
    if end > len(content) or number > capacity or size % 4 or not 4 <= offset <= size - 4:
        raise ValueError("its header does not fit its contents")
    if kind != _POLARITY_EVENT:
        return end, np.zeros((2, 0), np.int64)
    words = np.frombuffer(content, "<u4", size // 4 * number, body).reshape(number, size // 4)
    time = words[:, offset // 4].astype(np.int64) + (overflow << 31)
    return end, np.stack([words[:, 0].astype(np.int64), time])


def _after_comments(content: bytes) -> int:
    """Where the lines that begin with # end, or the line that says the header does."""
    position = 0
    while content[position : position + 1] == b"#":
        end = content.find(b"\n", position) + 1
        if not end or content.startswith(b"#!END-HEADER", position):
            return end or len(content)
        position = end
    return position
