"""Ids."""

from __future__ import annotations

import pytest

from server.storage.ids import ALPHABET, new_id


@pytest.mark.parametrize("prefix", ["run", "stu", "art", "mod"])
def test_shape(prefix: str) -> None:
    head, _, rest = new_id(prefix).partition("_")
    assert head == prefix
    assert len(rest) == 26
    assert set(rest) <= set(ALPHABET)


def test_later_ids_sort_after_earlier_ones_and_never_repeat() -> None:
    ids = [new_id("run") for _ in range(2000)]
    assert len(set(ids)) == len(ids)
    assert ids == sorted(ids)
