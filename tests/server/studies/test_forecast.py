"""Estimates of what a run will need, from finished runs that are more or less like it."""

from __future__ import annotations

from typing import Any

import pytest

from rscore.footprint import footprint
from rscore.spec import RunSpec
from server.studies.forecast import ASSUMED_RATES, Estimate, Past, altogether, estimate, spanning

RATES = {"firing_rate": 0.25, "firing_rate/stage1.0": 0.2, "firing_rate/stage2.2": 0.3}


def past(*, seconds: float = 10.0, device: str = "cpu", rate: float = 0.2, **fields: Any) -> Past:
    measured = RATES | {"firing_rate/stage1.0": rate, "epoch_seconds": 1.0}
    return Past(RunSpec(**fields), measured, seconds, device)


def seconds_of(found: Estimate) -> tuple[float, float]:
    assert found.seconds is not None
    return found.seconds.low, found.seconds.high


def test_without_any_finished_run_rates_are_assumed_and_the_time_is_unknown() -> None:
    found = estimate(RunSpec(), [])
    assert (found.firing_rate.low, found.firing_rate.high) == pytest.approx(ASSUMED_RATES)
    assert found.spikes.low == pytest.approx(0.05 * found.neurons.low * 4)
    assert found.seconds is None
    assert "assume" in found.basis[1]
    assert found.parameters.low == found.parameters.high == 6186


def test_finished_runs_give_their_rates_layer_by_layer_and_their_time() -> None:
    history = [past(seed=1, rate=0.2, seconds=12.0), past(seed=2, rate=0.4)]
    found = estimate(RunSpec(), history)
    assert found.spikes.low == pytest.approx(4 * (1024 * 0.2 + 512 * 0.3))
    assert found.spikes.high == pytest.approx(4 * (1024 * 0.4 + 512 * 0.3))
    assert seconds_of(found) == (10.0, 12.0)
    assert "2 finished runs on cpu, the same but for their seed" in found.basis[1]


def test_epochs_samples_and_width_scale_what_the_epochs_took_alone() -> None:
    history = [past()]  # 8 epochs of 1 s, and 2 s beside them
    assert seconds_of(estimate(RunSpec(epochs=16), history)) == pytest.approx((18.0, 18.0))
    half = RunSpec(train_samples=718, test_samples=180)
    assert seconds_of(estimate(half, history)) == pytest.approx((6.0, 6.0), abs=0.01)
    wide = RunSpec(width=32)
    work = [footprint(spec, lambda _: 0.0).dense for spec in (wide, RunSpec())]
    expected = 2 + 8 * work[0] / work[1]
    assert seconds_of(estimate(wide, history)) == pytest.approx((expected, expected))
    assert "at another size" in estimate(wide, history).basis[1]


def test_the_most_alike_runs_count_alone_and_those_of_one_device() -> None:
    history = [
        past(seconds=30.0, lr=0.5),
        past(seconds=20.0, granularity="element"),
        past(seconds=40.0, lr=0.4, device="cuda:0"),
        past(seconds=50.0, width=2),
    ]
    assert seconds_of(estimate(RunSpec(), history)) == (30.0, 30.0)
    assert seconds_of(estimate(RunSpec(granularity="element"), history)) == (20.0, 20.0)
    assert seconds_of(estimate(RunSpec(granularity="layer"), history)) == (20.0, 30.0)


def test_a_study_takes_its_runs_over_its_slots_and_never_less_than_the_longest() -> None:
    cells = [estimate(RunSpec(epochs=epochs), [past()]) for epochs in (8, 16)]
    assert altogether(cells, times=3, slots=1) == altogether(cells, times=3, slots=0)
    total = altogether(cells, times=3, slots=2)
    assert total is not None
    assert (total.low, total.high) == pytest.approx((42.0, 42.0))
    crowd = altogether(cells, times=1, slots=100)
    assert crowd is not None
    assert crowd.low == pytest.approx(18.0)
    assert altogether([*cells, estimate(RunSpec(), [])], times=1, slots=1) is None


def test_a_trial_of_a_sweep_lies_between_its_ends() -> None:
    ends = [estimate(RunSpec(width=width), []) for width in (4, 32)]
    found = spanning(ends)
    assert found.neurons.low == ends[0].neurons.low
    assert found.neurons.high == ends[1].neurons.high
    assert found.spikes.low == ends[0].spikes.low
    assert found.seconds is None
    assert len(found.basis) == 2
