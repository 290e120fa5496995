"""Ids of runs that a script begins, so that it need not ask the service for one.

They are spelled as the service's own are (`server.storage.ids`), and sort among them by time.
"""

from __future__ import annotations

import secrets
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_DIGITS = 13


def new_run_id() -> str:
    """A new id such as `run_01k…`."""
    return f"run_{_spell(time.time_ns())}{_spell(secrets.randbits(5 * _DIGITS))}"


def _spell(number: int) -> str:
    return "".join(_ALPHABET[number >> 5 * place & 31] for place in reversed(range(_DIGITS)))
