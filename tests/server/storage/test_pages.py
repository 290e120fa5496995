"""Cursors; the pages themselves are tested with the lists that use them."""

from __future__ import annotations

import pytest

from server.errors import CursorError
from server.storage.ids import new_id
from server.storage.pages import decode_cursor, encode_cursor


def test_round_trip() -> None:
    run_id = new_id("run")
    assert decode_cursor(encode_cursor(run_id)) == run_id
    assert run_id not in encode_cursor(run_id)


@pytest.mark.parametrize("cursor", ["", "!", "a", "ü", "cnVu\n", "AAAA", "JyBPUiAx", "x" * 5000])
def test_foreign_cursors_are_refused_with_a_way_out(cursor: str) -> None:
    with pytest.raises(CursorError, match="next_cursor"):
        decode_cursor(cursor)
