"""A small disk of its own for stored files, that can be filled."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from pathlib import Path

SIZE = "192m"
_CHUNK = 1 << 20


class Disk:
    """A folder on a small tmpfs; where none may be mounted it is a plain one, never full."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        self.small = _mount(folder)
        self._filler = folder / "filler"

    def fill(self) -> None:
        """Leave no room at all; only on a disk of its own."""
        if not self.small:
            raise RuntimeError(f"{self.folder} lies on a disk that others need")
        with self._filler.open("wb", buffering=0) as filler:
            chunk = bytes(_CHUNK)
            while chunk:
                try:
                    filler.write(chunk)
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise
                    chunk = chunk[: len(chunk) // 16]

    def free(self) -> None:
        """Give the room back."""
        self._filler.unlink(missing_ok=True)

    def close(self) -> None:
        """Unmount it; what was on it is gone."""
        if self.small:
            subprocess.run(["umount", "--lazy", str(self.folder)], check=False)


def _mount(folder: Path) -> bool:
    if os.geteuid() != 0 or shutil.which("mount") is None:
        return False
    command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=755", "realspike", str(folder)]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0
