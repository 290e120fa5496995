from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import pytest
import torch
from torch import nn

from rscore import training
from rscore.errors import DatasetMissingError, NonFiniteLossError
from rscore.networks import build_network
from rscore.reporting import StopReason
from rscore.spec import Granularity, RunSpec
from rscore.training import CHECKPOINT_NAME, TrainResult, train
from rscore.training.loop import BATCH_LOSS_EVERY, batches_per_epoch
from tests.support.recorder import Recorder

TINY: dict[str, Any] = {
    "train_samples": 90,
    "test_samples": 40,
    "width": 4,
    "num_timesteps": 2,
    "epochs": 3,
    "batch_size": 10,
}


def run(spec: RunSpec, recorder: Recorder, workdir: Path) -> TrainResult:
    return train(spec, recorder, workdir=workdir, data_dir=workdir / "no-data")


@pytest.mark.parametrize("granularity", get_args(Granularity))
def test_digits_are_learned_in_every_granularity(granularity: Granularity, tmp_path: Path) -> None:
    spec = RunSpec(granularity=granularity)
    result = run(spec, Recorder(), tmp_path)
    assert result.metrics["test_acc"] >= 0.95


def test_what_a_run_says(tmp_path: Path) -> None:
    recorder = Recorder()
    result = run(RunSpec(**TINY, granularity="channel"), recorder, tmp_path)
    assert (result.epochs, result.steps, result.stopped) == (3, 27, None)
    names = {name for name, _ in recorder.values}
    assert names == {
        "batch_loss",
        "train_loss",
        "train_acc",
        "test_loss",
        "test_acc",
        "lr",
        "epoch_seconds",
        "firing_rate",
        "firing_rate/stage1.0",
        "firing_rate/stage2.2",
        "amplitude_mean/stage1.1",
        "amplitude_std/stage1.1",
        "amplitude_mean/stage2.3",
        "amplitude_std/stage2.3",
    }
    assert [step for name, step in recorder.values if name == "test_acc"] == [9, 18, 27]
    assert [recorder.epochs["test_acc", step] for step in (9, 18, 27)] == [1, 2, 3]
    assert [step for name, step in recorder.values if name == "batch_loss"] == [BATCH_LOSS_EVERY]
    assert recorder.epochs["batch_loss", 20] == 3
    assert recorder.checkpoints == [(9, 1), (18, 2), (27, 3)]
    assert result.metrics == {
        name: recorder.values[name, 20 if name == "batch_loss" else 27] for name in names
    }
    last = recorder.progresses[-1]
    assert (last.epoch, last.epochs, last.step, last.steps) == (3, 3, 27, 27)
    assert (last.accuracy, last.eta_seconds) == (result.metrics["test_acc"], 0.0)
    assert recorder.progresses[0].step == 0
    assert any(line.startswith("epoch 3/3: train loss") for line in recorder.lines)


def test_the_result_is_a_plain_network_that_reproduces_its_metrics(tmp_path: Path) -> None:
    from rscore import data

    spec = RunSpec(**TINY)
    result = run(spec, Recorder(), tmp_path)
    assert not result.network.training
    assert all(p.is_contiguous() and p.device.type == "cpu" for p in result.network.parameters())
    samples = data.load(spec, tmp_path)
    right = result.network(samples.test.inputs).argmax(1) == samples.test.labels
    assert right.double().mean().item() == result.metrics["test_acc"]


def test_seeds_differ_and_repeat(tmp_path: Path) -> None:
    losses = [
        run(RunSpec(**TINY, seed=seed), Recorder(), tmp_path / str(index)).metrics["test_loss"]
        for index, seed in enumerate((0, 0, 1))
    ]
    assert losses[0] == losses[1] != losses[2]


@pytest.mark.parametrize(
    ("samples", "batch_size", "batches"),
    [(1437, 64, 23), (64, 64, 1), (65, 64, 1), (66, 64, 2), (1, 64, 1), (3, 1, 3), (129, 64, 2)],
)
def test_a_single_sample_left_over_joins_the_batch_before(
    samples: int, batch_size: int, batches: int
) -> None:
    assert batches_per_epoch(samples, batch_size) == batches


@pytest.mark.parametrize("train_samples", [21, 25, 1])
def test_every_sample_is_seen_once_an_epoch(
    train_samples: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []

    def watched(spec: RunSpec) -> nn.Module:
        network = build_network(spec)
        network.register_forward_pre_hook(
            lambda module, inputs: sizes.append(len(inputs[0])) if module.training else None
        )
        return network

    monkeypatch.setattr(training, "build_network", watched)
    spec = RunSpec(**TINY | {"train_samples": train_samples, "epochs": 1})
    run(spec, Recorder(), tmp_path)
    assert sizes == {21: [10, 11], 25: [10, 10, 5], 1: [1]}[train_samples]


@pytest.mark.parametrize("reason", [StopReason.CANCELLED, StopReason.DRAINED])
@pytest.mark.parametrize("stop_at", [4, 10])
def test_a_stop_leaves_a_checkpoint(reason: StopReason, stop_at: int, tmp_path: Path) -> None:
    recorder = Recorder(stop_at=stop_at, reason=reason)
    result = run(RunSpec(**TINY), recorder, tmp_path)
    assert (result.stopped, result.steps, result.epochs) == (reason, min(stop_at, 9), 0)
    assert recorder.checkpoints == [(result.steps, 0)]
    assert (tmp_path / CHECKPOINT_NAME).is_file()
    assert recorder.lines[-1] == f"stopped at step {result.steps} of 27: {reason.value}"


@pytest.mark.parametrize("stop_at", [4, 10])
def test_a_superseded_run_writes_nothing_more(stop_at: int, tmp_path: Path) -> None:
    recorder = Recorder(stop_at=stop_at, reason=StopReason.SUPERSEDED)
    result = run(RunSpec(**TINY), recorder, tmp_path)
    assert result.stopped is StopReason.SUPERSEDED
    assert recorder.checkpoints == []
    assert not list(tmp_path.iterdir())
    assert len(recorder.lines) == 1


def test_a_diverging_run_ends_with_place_and_hints(tmp_path: Path) -> None:
    recorder = Recorder()
    spec = RunSpec(
        **TINY | {"epochs": 40}, optimizer="sgd", lr=100, weight_decay=1, schedule="constant"
    )
    with pytest.raises(NonFiniteLossError) as raised:
        run(spec, recorder, tmp_path)
    message = str(raised.value)
    assert "in epoch " in message
    assert "at step " in message
    assert "try an lr below 100" in message
    assert recorder.values


def poisoned(name: str) -> Any:
    def build(spec: RunSpec) -> nn.Module:
        network = build_network(spec)
        with torch.no_grad():
            network.get_parameter(name).view(-1)[0] = float("nan")
        return network

    return build


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("readout.1.bias", r"the loss became nan in epoch 1, at step 1 of 27"),
        ("encode.1.weight", r"encode\.1\.weight is no longer finite in epoch 1, at step 9 of 27"),
    ],
)
def test_a_nan_is_found_even_behind_silent_neurons(
    name: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "build_network", poisoned(name))
    with pytest.raises(NonFiniteLossError, match=message):
        run(RunSpec(**TINY), Recorder(), tmp_path)
    assert not list(tmp_path.iterdir())


def test_missing_data_is_told_before_anything_else(tmp_path: Path) -> None:
    recorder = Recorder()
    with pytest.raises(DatasetMissingError, match="realspike data fetch fashion-mnist"):
        run(RunSpec(dataset="fashion-mnist"), recorder, tmp_path)
    assert not recorder.lines
