"""Short ids: a whole id, or a start or an end of one that only one recent thing has."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TypeVar

from client.errors import InputError, NotFoundError

T = TypeVar("T")
ID = re.compile(r"[\w-][\w.-]*", re.ASCII)
"""A worker's id begins with the name of its host, which may have dots."""


def found(
    noun: str, given: str, read: Callable[[str], T], recent: Callable[[], Sequence[str]]
) -> T:
    """What `read` gives for an id, or for the one of the `recent` ids that `given` shortens."""
    if not ID.fullmatch(given):
        raise InputError(f"{given!r} is not the id of a {noun}: letters, digits, _, - and . only")
    try:
        return read(given)
    except NotFoundError:
        fitting = [key for key in recent() if _shortens(given, key)]
        if not fitting:
            raise
    if len(fitting) > 1:
        some = ", ".join(fitting[:5])
        raise InputError(f"{given!r} could be {len(fitting)} things: {some}; type more of it")
    return read(fitting[0])


def _shortens(given: str, key: str) -> bool:
    bare = key.partition("_")[2]
    return key.startswith(given) or bare.startswith(given) or key.endswith(given)
