"""Opaque ids that sort by creation time: a prefix, 64 bits of clock, 65 bits of chance."""

from __future__ import annotations

import secrets
import time

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32 in lower case, which sorts like the numbers it spells."""

_DIGITS = 13


def _spell(number: int) -> str:
    text = ""
    for _ in range(_DIGITS):
        text = ALPHABET[number & 31] + text
        number >>= 5
    return text


def new_id(prefix: str) -> str:
    """A new id such as `run_01k…`; a later one sorts after an earlier one of the same machine."""
    return f"{prefix}_{_spell(time.time_ns())}{_spell(secrets.randbits(5 * _DIGITS))}"
