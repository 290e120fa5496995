"""Thinning out a curve so that it still looks the same."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def thin(values: Sequence[float] | NDArray[np.float64], most: int) -> list[int]:
    """Indices of at most `most` (at least 2) values: the first, the last, and the lowest and
    highest of equal stretches between them; all indices when they fit.
    """
    count = len(values)
    most = max(most, 2)
    if count <= most:
        return list(range(count))
    kept = [np.array([0, count - 1])]
    stretches = (most - 2) // 2
    if stretches:
        inner = count - 2
        ends = 1 + inner * np.arange(stretches + 1) // stretches
        starts, lasts = ends[:-1, None], ends[1:, None] - 1
        # A shorter stretch repeats its last value, which is neither the first lowest nor highest.
        longest = np.arange(int((lasts - starts).max()) + 1)
        stretch = np.asarray(values, dtype=float)[np.minimum(starts + longest, lasts)]
        kept += [starts[:, 0] + stretch.argmin(axis=1), starts[:, 0] + stretch.argmax(axis=1)]
    found: list[int] = np.unique(np.concatenate(kept)).tolist()
    return found
