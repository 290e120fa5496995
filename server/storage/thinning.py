"""Thinning out a curve so that it still looks the same."""

from __future__ import annotations

from collections.abc import Sequence


def thin(values: Sequence[float], most: int) -> list[int]:
    """Indices of at most `most` (at least 2) values: the first, the last, and the lowest and
    highest of equal stretches between them; all indices when they fit.
    """
    count = len(values)
    most = max(most, 2)
    if count <= most:
        return list(range(count))
    kept = {0, count - 1}
    stretches = (most - 2) // 2
    inner = count - 2
    for number in range(stretches):
        start = 1 + inner * number // stretches
        stretch = range(start, 1 + inner * (number + 1) // stretches)
        kept.add(min(stretch, key=values.__getitem__))
        kept.add(max(stretch, key=values.__getitem__))
    return sorted(kept)
