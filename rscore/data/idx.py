"""mnist, fashion-mnist and kmnist: the authors' original gzipped IDX files.

IDX: two zero bytes, the element type (8 is unsigned byte), the number of dimensions, one
big-endian 4-byte size per dimension, then the elements.
"""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from rscore.data.originals import checked, require
from rscore.datasets import DatasetInfo
from rscore.errors import DatasetCorruptError

if TYPE_CHECKING:
    from torch import Tensor

    from rscore.data.samples import Dataset, TensorSamples

_UNSIGNED_BYTE = 8


def load(name: str, info: DatasetInfo, folder: Path) -> Dataset:
    """The whole data set from its four files, checked byte for byte by MD5.

    Images are [N, 1, S, S] in [0, 1] (pixel / 255), labels [N] int64.
    """
    require(name, info, folder)
    from rscore.data.samples import Dataset

    by_name = {file.name: checked(file, folder) for file in info.files}
    return Dataset(_split(by_name, "train", info), _split(by_name, "t10k", info))


def read_idx(path: Path) -> Tensor:
    """The bytes of a gzipped IDX file as a uint8 tensor of the shape its header names.

    Raises:
        DatasetCorruptError: if it is no such file, or its length is not what the header says.
    """
    import torch

    try:
        content = bytearray(gzip.decompress(path.read_bytes()))
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DatasetCorruptError(f"{path} is not a whole gzip file: {error}") from error
    header = 4 + 4 * content[3] if len(content) > 3 else 4
    if len(content) < header or content[:2] != b"\0\0" or content[2] != _UNSIGNED_BYTE:
        raise DatasetCorruptError(f"{path} is not an IDX file of unsigned bytes")
    shape = struct.unpack(f">{content[3]}I", content[4:header])
    if len(content) - header != math.prod(shape):
        raise DatasetCorruptError(
            f"{path}: its header says {math.prod(shape)} elements, it has {len(content) - header}"
        )
    return torch.frombuffer(content, dtype=torch.uint8, offset=header).view(shape)


def _split(by_name: dict[str, Path], part: str, info: DatasetInfo) -> TensorSamples:
    from rscore.data.samples import TensorSamples

    images_path = by_name[f"{part}-images-idx3-ubyte.gz"]
    images = read_idx(images_path)
    labels = read_idx(by_name[f"{part}-labels-idx1-ubyte.gz"])
    if images.shape[1:] != (info.size, info.size) or labels.shape != images.shape[:1]:
        raise DatasetCorruptError(
            f"{images_path} holds images {tuple(images.shape)} with labels {tuple(labels.shape)}; "
            f"expected [N, {info.size}, {info.size}] with [N]"
        )
    return TensorSamples(images.unsqueeze(1), labels.long(), divisor=255.0)
