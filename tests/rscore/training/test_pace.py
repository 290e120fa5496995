from __future__ import annotations

import time

import pytest

from rscore.training.pace import PROGRESS_SECONDS, Pace


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(time, "monotonic", clock)
    return clock


def test_speaks_a_few_times_a_second_at_most(clock: Clock) -> None:
    pace = Pace()
    assert pace.may_speak()
    clock.now += PROGRESS_SECONDS * 0.9
    assert not pace.may_speak()
    clock.now += PROGRESS_SECONDS * 0.2
    assert pace.may_speak()
    assert not pace.may_speak()


def test_eta_is_at_the_speed_of_this_attempt(clock: Clock) -> None:
    pace = Pace()
    pace.start(40, epoch_seconds=7.0)
    assert pace.eta_seconds(40, 100) is None
    clock.now += 5.0
    assert pace.eta_seconds(50, 100) == pytest.approx(25.0)
    assert pace.eta_seconds(100, 100) == 0.0


def test_epoch_seconds_add_up_over_attempts(clock: Clock) -> None:
    pace = Pace()
    pace.start(40, epoch_seconds=7.0)
    clock.now += 5.0
    assert pace.epoch_seconds() == pytest.approx(12.0)
    pace.next_epoch()
    clock.now += 2.0
    assert pace.epoch_seconds() == pytest.approx(2.0)
