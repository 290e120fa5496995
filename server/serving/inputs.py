"""Images of a predict request, checked and turned into one array."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from server.serving.errors import InputError

Images = Sequence[Sequence[Sequence[Sequence[float]]]]


def to_array(images: Images, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """[N, C, H, W] in float32; raises InputError unless every image has `shape` (C, H, W)."""
    channels, height, width = shape
    for index, image in enumerate(images):
        path = f"inputs.{index}"
        _need_length(path, image, channels, "channels", shape)
        for c, plane in enumerate(image):
            _need_length(f"{path}.{c}", plane, height, "rows", shape)
            for y, row in enumerate(plane):
                _need_length(f"{path}.{c}.{y}", row, width, "pixels", shape)
    array = np.asarray(images, dtype=np.float64).reshape(-1, channels, height, width)
    outside = ~((array >= 0) & (array <= 1))
    if outside.any():
        place = tuple(int(part) for part in np.argwhere(outside)[0])
        raise InputError(
            "inputs." + ".".join(str(part) for part in place),
            f"pixel {array[place]:g} is outside [0, 1]",
            "divide 8-bit pixels by 255",
        )
    return array.astype(np.float32)


def _need_length(
    path: str, part: Sequence[object], wanted: int, noun: str, shape: tuple[int, int, int]
) -> None:
    if len(part) != wanted:
        raise InputError(
            path,
            f"has {len(part)} {noun}, this model needs {wanted}",
            f"send images of shape {list(shape)} (channels, rows, pixels)",
        )
