"""Trying again while the database or the file store cannot be used."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from server.errors import StorageUnavailableError

T = TypeVar("T")

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 2.0
_FULL = (errno.ENOSPC, errno.EDQUOT)


def patiently(
    do: Callable[[], T],
    *,
    give_up: Callable[[], bool],
    tell: Callable[[str], None] | None = None,
) -> T:
    """What `do` returns, called again with growing pauses until `give_up` says it is enough.

    A full disk is an outage like any other: somebody may make room. `tell` hears once why it waits.
    """
    pause = FIRST_PAUSE
    while True:
        try:
            return do()
        except StorageUnavailableError as error:
            if give_up():
                raise
            if tell is not None:
                tell(str(error))
                tell = None
        time.sleep(pause)
        pause = min(LONGEST_PAUSE, pause * 2)


def after(seconds: float) -> Callable[[], bool]:
    """A `give_up` that is true once so many seconds have passed."""
    end = time.monotonic() + seconds
    return lambda: time.monotonic() > end


def disk_is_full(error: BaseException) -> bool:
    """True when a full disk or quota is behind an error."""
    return any(
        (isinstance(item, OSError) and item.errno in _FULL)
        or any(os.strerror(number) in str(item) for number in _FULL)
        for item in _chain(error)
    )


def _chain(error: BaseException) -> Iterator[BaseException]:
    current: BaseException | None = error
    while current is not None:
        yield current
        current = current.__cause__ or current.__context__
