"""Tiny data sets in the format of the originals."""

from __future__ import annotations

import gzip
import hashlib
import struct
from pathlib import Path

from rscore.datasets import DatasetFile, DatasetInfo

SIZE = 4


def idx_bytes(shape: tuple[int, ...], content: bytes) -> bytes:
    header = struct.pack(f">BBBB{len(shape)}I", 0, 0, 8, len(shape), *shape)
    return gzip.compress(header + content, mtime=0)


def write_tiny(folder: Path, *, base: str = "http://localhost") -> DatasetInfo:
    """Four files of 6 training and 3 test images in `folder`, and what is known of them."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for part, count in (("train", 6), ("t10k", 3)):
        pixels = bytes(index % 256 for index in range(count * SIZE * SIZE))
        for name, content in (
            (f"{part}-images-idx3-ubyte.gz", idx_bytes((count, SIZE, SIZE), pixels)),
            (f"{part}-labels-idx1-ubyte.gz", idx_bytes((count,), bytes(range(count)))),
        ):
            (folder / name).write_bytes(content)
            md5 = hashlib.md5(content).hexdigest()
            files.append(DatasetFile(name, len(content), md5, (f"{base}/{name}",)))
    classes = tuple("0123456789")
    return DatasetInfo("tiny", 1, SIZE, classes, train=6, test=3, files=tuple(files))
