"""Thinning out curves."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from server.storage.thinning import thin

VALUES = st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=300)


@settings(max_examples=150, deadline=None)
@given(values=VALUES, most=st.integers(0, 120))
def test_keeps_ends_and_extremes_within_the_limit(values: list[float], most: int) -> None:
    kept = thin(values, most)
    assert kept == sorted(set(kept))
    assert len(kept) <= max(most, 2)
    if len(values) <= most:
        assert kept == list(range(len(values)))
    if values:
        assert kept[0] == 0
        assert kept[-1] == len(values) - 1
    if most >= 4 and values:
        assert min(values[index] for index in kept) == min(values)
        assert max(values[index] for index in kept) == max(values)
