"""What each pool child works on, in files that its worker reads without the child's help."""

from __future__ import annotations

import logging
import os
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

logger = logging.getLogger(__name__)

PULSE_SECONDS = 1.0
"""Least time between two signs of life that are written down."""


@dataclass(frozen=True, slots=True)
class Holding:
    """A process and the attempt in its hands."""

    pid: int
    run_id: str
    attempt: int
    pulse: int
    """Changes with each sign of life."""

    @property
    def held(self) -> tuple[str, int]:
        """The run and the attempt."""
        return self.run_id, self.attempt


class Hold:
    """As a context manager: says, while the block runs, what this process works on.

    Without room for its file the worker cannot help this attempt: its own lease alone counts.
    """

    def __init__(self, path: Path, run_id: str, attempt: int) -> None:
        self._path = path
        self._text = f"{run_id} {attempt}"
        self._due = 0.0

    def __enter__(self) -> Self:
        beside = self._path.with_suffix(".new")
        try:
            beside.write_text(self._text)
            beside.rename(self._path)
        except OSError as error:
            logger.warning("the worker does not learn of %s: %s", self._text, error)
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._path.unlink(missing_ok=True)

    def pulse(self) -> None:
        """A sign of life of the training itself."""
        if time.monotonic() >= self._due:
            self._due = time.monotonic() + PULSE_SECONDS
            with suppress(OSError):
                os.utime(self._path)


class Holdings:
    """One file a process, named by its id, in a folder that a worker and its children share."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def hold(self, run_id: str, attempt: int) -> Hold:
        """What this process is about to work on."""
        return Hold(self._path(os.getpid()), run_id, attempt)

    def all(self) -> list[Holding]:
        """What every process works on."""
        found = (self._read(path) for path in self._folder.glob("*.held"))
        return [holding for holding in found if holding is not None]

    def take(self, pid: int) -> Holding | None:
        """What a process that has ended had in its hands; the second asker gets None."""
        path = self._path(pid)
        holding = self._read(path)
        with suppress(OSError):
            path.unlink()
            return holding
        return None

    def _path(self, pid: int) -> Path:
        return self._folder / f"{pid}.held"

    def _read(self, path: Path) -> Holding | None:
        with suppress(OSError, ValueError):
            run_id, attempt = path.read_text().split()
            return Holding(int(path.stem), run_id, int(attempt), path.stat().st_mtime_ns)
        return None
