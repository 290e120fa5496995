from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

from rscore import training
from rscore.errors import DatasetMissingError, NonFiniteLossError
from rscore.networks import build_network
from rscore.reporting import StopReason
from rscore.spec import Granularity, RunSpec
from rscore.training import CHECKPOINT_NAME, TrainResult, learner, train
from rscore.training.loop import BATCH_LOSS_EVERY
from rscore.training.objective import Objective
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
    assert list(recorder.histograms) == [
        (f"{kind}/{layer}", step)
        for step in (9, 18, 27)
        for kind, layer in (
            ("amplitude", "stage1.1"),
            ("amplitude", "stage2.3"),
            ("membrane", "stage1.0"),
            ("membrane", "stage2.2"),
        )
    ]
    low, high, counts = recorder.histograms["amplitude/stage2.3", 27]
    mean = recorder.values["amplitude_mean/stage2.3", 27]
    assert low < mean < high
    assert sum(counts) == 8
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
    spec = RunSpec(**TINY)
    result = run(spec, Recorder(), tmp_path)
    assert not result.network.training
    assert all(p.is_contiguous() and p.device.type == "cpu" for p in result.network.parameters())
    assert_reproduced(result, spec, tmp_path)


def test_seeds_differ_and_repeat(tmp_path: Path) -> None:
    losses = [
        run(RunSpec(**TINY, seed=seed), Recorder(), tmp_path / str(index)).metrics["test_loss"]
        for index, seed in enumerate((0, 0, 1))
    ]
    assert losses[0] == losses[1] != losses[2]


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


@pytest.mark.parametrize(
    ("reason", "said"),
    [(StopReason.CANCELLED, "cancelled"), (StopReason.DRAINED, "asked to stop; the next attempt")],
)
@pytest.mark.parametrize("stop_at", [4, 10])
def test_a_stop_leaves_a_checkpoint(
    reason: StopReason, said: str, stop_at: int, tmp_path: Path
) -> None:
    recorder = Recorder(stop_at=stop_at, reason=reason)
    result = run(RunSpec(**TINY), recorder, tmp_path)
    assert (result.stopped, result.steps, result.epochs) == (reason, min(stop_at, 9), 0)
    assert recorder.checkpoints == [(result.steps, 0)]
    assert (tmp_path / CHECKPOINT_NAME).is_file()
    assert recorder.lines[-1].startswith(f"stopped at step {result.steps} of 27 ({said}")


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


def test_an_average_of_the_weights_is_tested_and_given(tmp_path: Path) -> None:
    plain = run(RunSpec(**TINY), Recorder(), tmp_path / "plain")
    recorder = Recorder()
    spec = RunSpec(**TINY, ema_decay=0.8)
    averaged = run(spec, recorder, tmp_path)
    assert averaged.metrics["train_loss"] == plain.metrics["train_loss"]
    assert averaged.metrics["test_loss"] != plain.metrics["test_loss"]
    last = load_file(tmp_path / CHECKPOINT_NAME)
    learned = plain.network.state_dict()
    for name, value in averaged.network.state_dict().items():
        assert torch.equal(last[f"model/{name}"], learned[name]), name
        if f"average/{name}" in last:
            assert torch.equal(value, last[f"average/{name}"]), name
        else:
            assert torch.equal(value, learned[name]), name
    assert_reproduced(averaged, spec, tmp_path)


def assert_reproduced(result: TrainResult, spec: RunSpec, data_dir: Path) -> None:
    from rscore import data

    inputs, labels = data.load(spec, data_dir).test.head(spec.test_samples or 0)
    right = result.network(inputs).argmax(1) == labels
    assert right.double().mean().item() == result.metrics["test_acc"]


def test_a_run_that_gets_no_better_ends_early_and_is_complete(tmp_path: Path) -> None:
    recorder = Recorder()
    spec = RunSpec(**TINY | {"epochs": 30}, early_stop_epochs=2, lr=1e-9, schedule="constant")
    result = run(spec, recorder, tmp_path)
    assert result.stopped is None
    last = result.epochs
    assert last < 30
    assert result.steps == 9 * last
    accuracies = [recorder.values["test_acc", 9 * epoch] for epoch in range(1, last + 1)]
    best = max(accuracies)
    assert accuracies.index(best) == last - 3
    assert "the test set decides" in recorder.lines[1]
    assert recorder.lines[-1].startswith(
        f"ended after epoch {last} of 30: no test accuracy above {best:.2%} for 2 epochs"
    )
    again = train(
        spec,
        Recorder(),
        workdir=tmp_path,
        data_dir=tmp_path,
        resume_from=tmp_path / CHECKPOINT_NAME,
    )
    assert (again.epochs, again.steps, again.stopped) == (last, result.steps, None)


def test_clipping_and_warm_up_change_what_is_learned(tmp_path: Path) -> None:
    losses = {
        run(RunSpec(**TINY, **fields), Recorder(), tmp_path / str(index)).metrics["test_loss"]
        for index, fields in enumerate(({}, {"clip_norm": 0.01}, {"warmup_epochs": 1.5}))
    }
    assert len(losses) == 3


class Doubled(Objective):
    """An objective with a parameter of its own, as auxiliary heads have."""

    def __init__(self, spec: RunSpec, network: nn.Module) -> None:
        super().__init__(spec, network)
        self.head = nn.Linear(10, 10)
        self.register_buffer("seen", torch.zeros(()))
        self.modes: list[bool] = []

    def forward(self, inputs: Tensor, labels: Tensor, *, progress: float) -> tuple[Tensor, Tensor]:
        loss, logits = super().forward(inputs, labels, progress=progress)
        self.modes.append(self.training and self.network.training)
        self.seen += 1
        return loss + functional.cross_entropy(self.head(logits), labels), logits


def test_an_objectives_own_parameters_learn_with_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Doubled] = []

    def make(spec: RunSpec, network: nn.Module) -> Doubled:
        made.append(Doubled(spec, network))
        return made[-1]

    monkeypatch.setattr(learner, "make_objective", make)
    spec = RunSpec(**TINY)
    result = run(spec, Recorder(), tmp_path)
    (objective,) = made
    start = nn.Linear(10, 10)
    saved = load_file(tmp_path / CHECKPOINT_NAME)
    assert torch.equal(saved["objective/head.weight"], objective.head.weight)
    assert not torch.equal(start.weight, objective.head.weight)
    assert saved["objective/seen"] == 27
    assert saved["optimizer/head.weight/step"] == 27
    assert all(objective.modes)
    assert not any("head" in name for name in result.network.state_dict())

    first = Recorder(stop_at=13)
    run(spec, first, tmp_path / "stopped")
    resumed = train(
        spec,
        Recorder(),
        workdir=tmp_path / "stopped",
        data_dir=tmp_path,
        resume_from=tmp_path / "stopped" / CHECKPOINT_NAME,
    )
    assert torch.equal(made[-1].head.weight, objective.head.weight)
    assert resumed.metrics["test_loss"] == result.metrics["test_loss"]


@pytest.mark.parametrize("deterministic", [True, False])
def test_deterministic_algorithms_are_asked_for_or_not(
    deterministic: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: set[bool] = set()

    def watched(spec: RunSpec) -> nn.Module:
        found.add(torch.are_deterministic_algorithms_enabled())
        return build_network(spec)

    monkeypatch.setattr(training, "build_network", watched)
    run(RunSpec(**TINY | {"epochs": 1}, deterministic=deterministic), Recorder(), tmp_path)
    assert found == {deterministic}
