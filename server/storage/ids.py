"""Opaque ids that sort by creation time: a prefix, 64 bits of clock, 65 bits of chance."""

from __future__ import annotations

import hashlib
import secrets
import time
from datetime import UTC, datetime, timedelta

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32 in lower case, which sorts like the numbers it spells."""

_DIGITS = 13
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _spell(number: int) -> str:
    text = ""
    for _ in range(_DIGITS):
        text = ALPHABET[number & 31] + text
        number >>= 5
    return text


def new_id(prefix: str) -> str:
    """A new id such as `run_01k…`; a later one sorts after an earlier one of the same machine."""
    return f"{prefix}_{_spell(time.time_ns())}{_spell(secrets.randbits(5 * _DIGITS))}"


def id_of(prefix: str, moment: datetime, key: str) -> str:
    """The id that this moment and key always give; it sorts among new ones by its moment."""
    nanoseconds = (moment - _EPOCH) // timedelta(microseconds=1) * 1000
    digest = int.from_bytes(hashlib.sha256(key.encode()).digest())
    return f"{prefix}_{_spell(nanoseconds)}{_spell(digest)}"
