"""Writing so that it is there after a power cut, or was never there."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from client.errors import SpoolError


@contextmanager
def explained(doing: str, folder: Path) -> Iterator[None]:
    """Turn what the disk refuses into a SpoolError that says what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            what = "the disk is full; free some space"
        else:
            what = f"{error.strerror or error}; let this process write there"
        raise SpoolError(
            f"cannot {doing} in {folder}: {what}, or name another folder with REALSPIKE_SPOOL_DIR"
        ) from error


def make_folder(folder: Path) -> None:
    """Have the folder, readable by its owner alone where it is new."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def sync_folder(folder: Path) -> None:
    """Make names that were made, moved or removed in a folder last."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_whole(path: Path, text: str) -> None:
    """Replace a file's text: another process or a power cut sees the old or the new one."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with beside.open("x", encoding="utf-8") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    sync_folder(path.parent)
