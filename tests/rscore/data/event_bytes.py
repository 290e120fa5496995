"""Recordings written in the formats of event cameras."""

from __future__ import annotations

import struct
from collections.abc import Sequence

Event = tuple[int, int, int, int]
"""x, y, microseconds, polarity (1 is ON)."""


def events40(events: Sequence[Event]) -> bytes:
    return b"".join(
        bytes([x, y]) + (polarity << 23 | time).to_bytes(3, "big")
        for x, y, time, polarity in events
    )


def aedat2(events: Sequence[Event]) -> bytes:
    lines = b"#!AER-DAT2.0\r\n# a comment\r\n"
    return lines + b"".join(
        struct.pack(">II", y << 8 | x << 1 | (1 - polarity), time)
        for x, y, time, polarity in events
    )


def packet31(events: Sequence[Event], *, kind: int = 1, overflow: int = 0, valid: int = 1) -> bytes:
    head = struct.pack("<HHIIIIII", kind, 1, 8, 4, overflow, len(events), len(events), len(events))
    return head + b"".join(
        struct.pack("<II", x << 17 | y << 2 | polarity << 1 | valid, time)
        for x, y, time, polarity in events
    )


def aedat31(*packets: bytes) -> bytes:
    return b"#!AER-DAT3.1\r\n#Format: RAW\r\n#!END-HEADER\r\n" + b"".join(packets)
