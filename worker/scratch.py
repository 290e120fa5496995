"""The folder of a worker's temporary files; those of workers that were killed are swept up."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX = "realspike-worker-"
LOCK = "owner.lock"


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder that is removed at the end, or by the next worker when this one is killed.

    The owner and its pool hold a lock on a file in it, which ends with the last of them.
    """
    sweep(Path(tempfile.gettempdir()))
    with tempfile.TemporaryDirectory(prefix=PREFIX, ignore_cleanup_errors=True) as name:
        folder = Path(name)
        with (folder / "new").open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            # Whoever sees the file under this name sees it locked.
            (folder / "new").rename(folder / LOCK)
            yield folder


@contextmanager
def attempt_folder(scratch: Path, run_id: str) -> Iterator[Path]:
    """A folder in the worker's for what this process does now; removed at the end."""
    with tempfile.TemporaryDirectory(
        dir=scratch, prefix=f"{os.getpid()}-{run_id}-", ignore_cleanup_errors=True
    ) as name:
        yield Path(name)


def forget_process(scratch: Path, pid: int) -> None:
    """Remove what a process that was killed left in its worker's folder."""
    for path in scratch.glob(f"{pid}-*"):
        shutil.rmtree(path, ignore_errors=True)


def sweep(place: Path) -> None:
    """Remove the folders in `place` that no living worker holds."""
    for path in place.glob(f"{PREFIX}*/{LOCK}"):
        with suppress(OSError), path.open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(path.parent, ignore_errors=True)
