from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from client.cli.render import ahead, outcome_of
from client.wire import Attempt


def attempt(**changes: Any) -> Attempt:
    given: dict[str, Any] = {
        "number": 1,
        "worker_id": "w1",
        "host": "h",
        "device": "cpu",
        "outcome": "running",
        "reason": None,
        "exit": None,
        "refused": 0,
        "started_at": "2026-01-01T00:00:00Z",
        "finished_at": None,
        "resumed_step": 0,
    }
    return Attempt(**{**given, **changes})  # type: ignore[typeddict-item]


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({}, "running"),
        ({"outcome": "failed", "reason": "out_of_memory"}, "failed (out_of_memory)"),
        ({"outcome": "cancelled", "reason": "cancelled"}, "cancelled"),
        (
            {"outcome": "lost", "reason": "lost", "exit": "signal 9 (SIGKILL)"},
            "lost its worker, signal 9 (SIGKILL)",
        ),
        (
            {"outcome": "lost", "reason": "lost", "refused": 2},
            "lost its worker, late writes refused: 2",
        ),
        (
            {"outcome": "drained", "reason": "drained"},
            "handed back when its worker stopped",
        ),
        (
            {"outcome": "lost", "reason": "restored"},
            "lost its worker (restored from a backup)",
        ),
    ],
)
def test_an_attempt_tells_how_it_ended(changes: dict[str, Any], shown: str) -> None:
    assert outcome_of(attempt(**changes)) == shown


def test_a_moment_ahead_is_told_with_how_long_it_is_until_then() -> None:
    moment = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    assert re.fullmatch(r"....-..-.. ..:..:.. UTC, in (59 min 5\d s|1 h 00 min)", ahead(moment))


def test_a_moment_that_is_past_or_none_is_not_told() -> None:
    assert ahead((datetime.now(UTC) - timedelta(seconds=1)).isoformat()) == ""
    assert ahead(None) == ""
