from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from rscore.spec import RunSpec
from rscore.training.schedules import learning_rate

SCHEDULES = ["constant", "step", "cosine", "one-cycle"]


def rates(schedule: str, steps: int, **fields: Any) -> list[float]:
    spec = RunSpec(lr=0.5, schedule=schedule, **fields)
    return [learning_rate(spec, step, steps) for step in range(steps)]


def test_constant() -> None:
    assert set(rates("constant", 7)) == {0.5}


def test_cosine_falls_from_lr_towards_zero() -> None:
    found = rates("cosine", 100)
    assert found[0] == 0.5
    assert found[50] == pytest.approx(0.25)
    assert found == sorted(found, reverse=True)
    assert 0 < found[-1] < 1e-3


def test_step_drops_after_so_many_epochs() -> None:
    found = rates("step", 35, epochs=7, step_epochs=3, step_factor=0.2)
    assert found == pytest.approx([0.5] * 15 + [0.1] * 15 + [0.02] * 5)


@pytest.mark.parametrize("steps", [1, 2, 3, 4, 10, 184])
def test_one_cycle_equals_torchs(steps: int) -> None:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    expected = []
    if steps > 3:  # torch divides by zero where the rise has no step
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.5, total_steps=steps)
        for _ in range(steps):
            expected.append(schedule.get_last_lr()[0])
            optimizer.step()
            if len(expected) < steps:
                schedule.step()
        assert rates("one-cycle", steps) == pytest.approx(expected)
    assert all(0 < rate <= 0.5 for rate in rates("one-cycle", steps))


def test_warm_up_rises_on_a_line_from_zero() -> None:
    found = rates("constant", 40, epochs=4, warmup_epochs=0.8)
    assert found == pytest.approx([0.5 * (step + 1) / 8 for step in range(8)] + [0.5] * 32)


@pytest.mark.parametrize("schedule", ["cosine", "one-cycle"])
def test_the_schedule_begins_when_the_warm_up_ends(schedule: str) -> None:
    alone = rates(schedule, 30, epochs=3)
    warmed = rates(schedule, 40, epochs=4, warmup_epochs=1)
    assert warmed[:10] == pytest.approx([alone[0] * (step + 1) / 10 for step in range(10)])
    assert warmed[10:] == pytest.approx(alone)


def test_drops_are_counted_from_the_start_of_the_run() -> None:
    found = rates("step", 40, epochs=4, warmup_epochs=1, step_epochs=2)
    assert found[9:] == pytest.approx([0.5] * 11 + [0.05] * 20)


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("warmup_epochs", [0.25, 1.0, 1.9])
@pytest.mark.parametrize("steps", [2, 3, 46])
def test_no_warm_up_breaks_a_schedule(schedule: str, warmup_epochs: float, steps: int) -> None:
    found = rates(schedule, steps, epochs=2, warmup_epochs=warmup_epochs)
    assert all(math.isfinite(rate) and 0 < rate <= 0.5 for rate in found)
    rising = math.floor(warmup_epochs * steps / 2)
    assert found[:rising] == sorted(found[:rising])
