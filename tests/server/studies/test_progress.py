from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from server.studies.progress import RunStand, eta_seconds, finished_at, share_done

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def ended(status: str, seconds: float) -> RunStand:
    return RunStand(status, None, BEGAN, BEGAN + timedelta(seconds=seconds))


def running(done: int, eta: float | None) -> RunStand:
    return RunStand("running", {"step": done, "steps": 10, "eta_seconds": eta}, BEGAN, None)


QUEUED = RunStand("queued", None, None, None)


def test_share_done_counts_steps_and_whole_ended_runs() -> None:
    assert share_done([]) == 1.0
    assert share_done([QUEUED]) == 0.0
    assert share_done([ended("failed", 1), running(5, None), QUEUED, QUEUED]) == 0.375


def test_eta_knows_nothing_before_the_first_measurement() -> None:
    assert eta_seconds([QUEUED]) is None
    assert eta_seconds([running(0, None), QUEUED]) is None
    assert eta_seconds([running(1, None)]) is None


def test_eta_takes_waiting_runs_as_long_as_the_runs_that_succeeded() -> None:
    assert eta_seconds([ended("succeeded", 10), running(5, 4.0), QUEUED, QUEUED]) == 24.0
    assert eta_seconds([ended("succeeded", 10), running(5, 4.0), running(5, 6.0), QUEUED]) == 10.0
    assert eta_seconds([ended("succeeded", 10), QUEUED]) == 10.0


def test_eta_of_the_first_runs_comes_from_their_own_pace() -> None:
    assert eta_seconds([running(5, 4.0), QUEUED]) == pytest.approx(12.0)


def test_nothing_is_left_when_all_ended() -> None:
    runs = [ended("succeeded", 10), ended("cancelled", 30)]

    assert eta_seconds(runs) == 0.0
    assert finished_at(runs) == BEGAN + timedelta(seconds=30)
    assert finished_at([*runs, QUEUED]) is None
    assert finished_at([]) is None
