"""Samples of a predict request, checked and turned into one array."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from server.serving.errors import InputError

AXES = ("frames", "channels", "rows", "pixels")

LARGEST_COUNT = 32_767.0
"""Most events of one pixel in one frame; training counts no further either."""


def to_array(samples: Sequence[Any], shape: tuple[int, ...]) -> NDArray[np.float32]:
    """[N, *shape] in float32; raises InputError that names the first wrong place.

    Args:
        samples: nested lists of numbers, as JSON has them.
        shape: of one sample: an image (C, H, W) with pixels in [0, 1], or frames of event counts
            (T, C, H, W).
    """
    hint = f"send samples of shape {list(shape)} ({', '.join(AXES[-len(shape) :])})"
    for index, sample in enumerate(samples):
        _check_lengths(f"inputs.{index}", sample, shape, hint)
    array = _numbers(samples, len(shape))
    _check_range(array, *_range(shape))
    return array.astype(np.float32)


def _check_lengths(path: str, part: object, lengths: Sequence[int], hint: str) -> None:
    axis = AXES[-len(lengths)]
    if not isinstance(part, list):
        raise InputError(path, f"is no list of {axis}", hint)
    if len(part) != lengths[0]:
        raise InputError(path, f"has {len(part)} {axis}, this model needs {lengths[0]}", hint)
    if len(lengths) > 1:
        for index, below in enumerate(part):
            _check_lengths(f"{path}.{index}", below, lengths[1:], hint)


def _numbers(samples: Sequence[Any], depth: int) -> NDArray[np.float64]:
    try:
        array = np.asarray(samples, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        array = np.empty(0)
    if array.ndim != depth + 1:
        path = next(path for path, value in _values("inputs", samples, depth) if _is_odd(value))
        raise InputError(path, "is no number")
    return array


def _values(path: str, part: Sequence[Any], depth: int) -> Iterator[tuple[str, Any]]:
    """Every value below `depth` more lists, with its place."""
    for index, below in enumerate(part):
        if depth == 0:
            yield f"{path}.{index}", below
        else:
            yield from _values(f"{path}.{index}", below, depth - 1)


def _is_odd(value: Any) -> bool:
    try:
        return not (isinstance(value, int | float) and math.isfinite(float(value)))
    except OverflowError:
        return True


def _range(shape: tuple[int, ...]) -> tuple[str, float, str]:
    if len(shape) == len(AXES):
        return "count", LARGEST_COUNT, "send how many events each pixel saw in each frame"
    return "pixel", 1.0, "divide 8-bit pixels by 255"


def _check_range(array: NDArray[np.float64], noun: str, largest: float, hint: str) -> None:
    outside = ~((array >= 0) & (array <= largest))
    if outside.any():
        place = tuple(int(part) for part in np.argwhere(outside)[0])
        raise InputError(
            "inputs." + ".".join(str(part) for part in place),
            f"{noun} {array[place]:g} is outside [0, {largest:g}]",
            hint,
        )
