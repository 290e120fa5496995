"""Locks between the processes of one machine: the kernel lets go of them when a holder dies."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock for the block, waiting for whoever has it."""
    with path.open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            yield
        finally:
            # Said, since a process forked meanwhile shares the lock for as long as it lives.
            fcntl.flock(lock, fcntl.LOCK_UN)


@contextmanager
def locked_if_free(path: Path) -> Iterator[bool]:
    """Hold the lock for the block, or learn that another has it."""
    with path.open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        try:
            yield True
        finally:
            fcntl.flock(lock, fcntl.LOCK_UN)


def is_held(path: Path) -> bool:
    """True while a living process holds the lock."""
    with locked_if_free(path) as free:
        return not free
