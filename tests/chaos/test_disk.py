from __future__ import annotations

import errno
from pathlib import Path

import pytest

from chaos.disk import Disk


def test_a_small_disk_fills_and_empties_and_no_other_is_filled(tmp_path: Path) -> None:
    disk = Disk(tmp_path / "disk")
    try:
        if not disk.small:
            with pytest.raises(RuntimeError, match="others need"):
                disk.fill()
            return
        disk.fill()
        with pytest.raises(OSError, match="No space") as refused:
            (disk.folder / "file").write_bytes(b"x" * 8192)
        assert refused.value.errno == errno.ENOSPC
        disk.free()
        (disk.folder / "file").write_bytes(b"x" * 8192)
    finally:
        disk.close()
