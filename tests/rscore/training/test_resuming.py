"""A training that stops anywhere and goes on ends in the same bits as one that never stopped."""

from __future__ import annotations

import errno
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from rscore.checkpoint import Checkpoint, Position, save
from rscore.errors import CheckpointError
from rscore.reporting import StopReason
from rscore.spec import RunSpec
from rscore.training import CHECKPOINT_NAME, TrainResult, train
from tests.support.recorder import Recorder

SPEC = RunSpec(
    train_samples=100,
    test_samples=40,
    augmentation="crop-flip",
    width=4,
    num_timesteps=2,
    granularity="element",
    epochs=2,
    batch_size=30,
    weight_decay=0.01,
)
STEPS_AN_EPOCH = 4
ASKED = 2 * (STEPS_AN_EPOCH + 1)
"""Times that a run of SPEC asks whether to stop: after each step and before each test chunk."""


def run(
    spec: RunSpec, recorder: Recorder, workdir: Path, resume_from: Path | None = None
) -> TrainResult:
    nowhere = workdir / "no-data"
    return train(spec, recorder, workdir=workdir, data_dir=nowhere, resume_from=resume_from)


def assert_same(found: TrainResult, expected: TrainResult) -> None:
    weights = expected.network.state_dict()
    for name, tensor in found.network.state_dict().items():
        assert torch.equal(tensor, weights[name]), name
    for name, value in expected.metrics.items():
        assert name == "epoch_seconds" or found.metrics[name] == value, name
    assert (found.epochs, found.steps, found.stopped) == (expected.epochs, expected.steps, None)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[TrainResult, Recorder]:
    recorder = Recorder()
    result = run(SPEC, recorder, tmp_path_factory.mktemp("undisturbed"))
    assert (result.steps, recorder.asked) == (2 * STEPS_AN_EPOCH, ASKED)
    return result, recorder


@pytest.mark.parametrize("stop_at", range(1, ASKED + 1))
def test_stopped_anywhere(
    stop_at: int, undisturbed: tuple[TrainResult, Recorder], tmp_path: Path
) -> None:
    first, second = Recorder(stop_at=stop_at), Recorder()
    stopped = run(SPEC, first, tmp_path)
    assert stopped.stopped is StopReason.DRAINED
    assert first.checkpoints[-1][0] == stopped.steps
    path = tmp_path / CHECKPOINT_NAME
    torch.manual_seed(stop_at)
    finished = run(SPEC, second, tmp_path / "elsewhere", path)
    expected, recorder = undisturbed
    assert_same(finished, expected)
    assert first.measured() | second.measured() == recorder.measured()
    assert f"going on from the checkpoint at step {stopped.steps}" in second.lines


FEATURES: dict[str, dict[str, object]] = {
    "sgd": {"optimizer": "sgd", "schedule": "cosine"},
    "adamw": {"optimizer": "adamw", "schedule": "step", "step_epochs": 1},
    "average": {"ema_decay": 0.7, "clip_norm": 0.5},
    "warm-up": {"warmup_epochs": 1.3, "label_smoothing": 0.1},
    "bf16": {"precision": "bf16"},
    "bf16-everything": {
        "precision": "bf16",
        "ema_decay": 0.9,
        "clip_norm": 1.0,
        "warmup_epochs": 0.6,
        "learn_decay": True,
        "early_stop_epochs": 1,
    },
    "learned decay": {"learn_decay": True, "optimizer": "sgd"},
    "early stop": {"early_stop_epochs": 1, "lr": 1e-6, "epochs": 4, "schedule": "constant"},
    "not deterministic": {"deterministic": False},
    "cosine of constant": {"schedule": "cosine", "cutout": 2, "roll": 1},
    "regularizer": {"regularizer": "im-loss"},
    "twin": {"distillation": "ann-logit"},
    "heads": {"auxiliary_heads": "shortcut-back", "ema_decay": 0.9},
}


@pytest.mark.parametrize("stop_at", [2, STEPS_AN_EPOCH + 1, STEPS_AN_EPOCH + 3])
@pytest.mark.parametrize("feature", FEATURES)
def test_with_every_feature(feature: str, stop_at: int, tmp_path: Path) -> None:
    spec = RunSpec.model_validate(SPEC.model_dump() | FEATURES[feature])
    whole = Recorder()
    expected = run(spec, whole, tmp_path / "whole")
    first, second = Recorder(stop_at=stop_at), Recorder()
    assert run(spec, first, tmp_path).stopped is StopReason.DRAINED
    torch.manual_seed(stop_at)
    finished = run(spec, second, tmp_path / "elsewhere", tmp_path / CHECKPOINT_NAME)
    assert_same(finished, expected)
    assert first.measured() | second.measured() == whole.measured()
    assert first.histograms | second.histograms == whole.histograms
    written = [
        load_file(path / CHECKPOINT_NAME) for path in (tmp_path / "whole", tmp_path / "elsewhere")
    ]
    assert written[0].keys() == written[1].keys()
    for name, tensor in written[0].items():
        assert torch.equal(tensor, written[1][name]), name


def test_stopped_at_every_step_of_one_run(
    undisturbed: tuple[TrainResult, Recorder], tmp_path: Path
) -> None:
    path = tmp_path / CHECKPOINT_NAME
    result = run(SPEC, Recorder(stop_at=1), tmp_path)
    tries = 0
    while result.stopped:
        # An evaluation that is always interrupted would never end: let every second ask pass.
        result = run(SPEC, Recorder(stop_at=2), tmp_path, path)
        tries += 1
    assert tries >= STEPS_AN_EPOCH
    assert_same(result, undisturbed[0])


class Keeper(Recorder):
    """Keeps a copy of every checkpoint."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.copies: list[Path] = []
        self._folder = folder

    def checkpoint(self, path: Path, *, step: int, epoch: int) -> None:
        super().checkpoint(path, step=step, epoch=epoch)
        self.copies.append(Path(shutil.copyfile(path, self._folder / f"step-{step}")))


def test_long_epochs_write_checkpoints_in_their_midst(
    undisturbed: tuple[TrainResult, Recorder], tmp_path: Path
) -> None:
    expected, recorder = undisturbed
    keeper = Keeper(tmp_path)
    result = train(SPEC, keeper, workdir=tmp_path, data_dir=tmp_path, checkpoint_seconds=0)
    assert_same(result, expected)
    epochs = [step // STEPS_AN_EPOCH for step in range(1, 2 * STEPS_AN_EPOCH + 1)]
    assert keeper.checkpoints == list(enumerate(epochs, start=1))

    for path in keeper.copies:
        second = Recorder()
        assert_same(run(SPEC, second, tmp_path / "elsewhere", path), expected)
        assert keeper.measured() | second.measured() == recorder.measured()


def test_without_room_for_a_checkpoint_training_goes_on(
    undisturbed: tuple[TrainResult, Recorder], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(saved: Checkpoint, path: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("rscore.checkpoint.save", full)
    recorder = Recorder()
    assert_same(run(SPEC, recorder, tmp_path), undisturbed[0])
    assert recorder.checkpoints == []
    assert sum("found no room" in line for line in recorder.lines) == SPEC.epochs


CHILD = """
import sys
from pathlib import Path
import torch
from safetensors.torch import save_file
from rscore.spec import RunSpec
from rscore.training import train
from tests.support.recorder import Recorder

spec, path, out = sys.argv[1:]
torch.set_num_threads(1)
result = train(
    RunSpec.model_validate_json(spec),
    Recorder(),
    workdir=Path(out).parent,
    data_dir=Path("nowhere"),
    resume_from=Path(path),
)
save_file(result.network.state_dict(), out, {"test_loss": repr(result.metrics["test_loss"])})
"""


def test_goes_on_in_a_fresh_process(
    undisturbed: tuple[TrainResult, Recorder], tmp_path: Path
) -> None:
    run(SPEC, Recorder(stop_at=2), tmp_path)
    out = tmp_path / "weights"
    root = Path(__file__).parents[3]
    arguments = [SPEC.model_dump_json(), tmp_path / CHECKPOINT_NAME, out]
    subprocess.run([sys.executable, "-c", CHILD, *arguments], cwd=root, check=True)
    expected = tmp_path / "expected"
    result = undisturbed[0]
    metadata = {"test_loss": repr(result.metrics["test_loss"])}
    save_file(result.network.state_dict(), expected, metadata)
    found, wanted = load_file(out), load_file(expected)
    assert all(torch.equal(found[name], wanted[name]) for name in wanted)
    assert out.read_bytes() == expected.read_bytes()


def test_a_finished_run_gives_its_result_again(
    undisturbed: tuple[TrainResult, Recorder], tmp_path: Path
) -> None:
    run(SPEC, Recorder(), tmp_path)
    recorder = Recorder()
    again = run(SPEC, recorder, tmp_path, tmp_path / CHECKPOINT_NAME)
    assert_same(again, undisturbed[0])
    assert not recorder.values
    assert recorder.progresses[-1].step == again.steps


def test_the_callers_random_state_is_untouched(tmp_path: Path) -> None:
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    run(SPEC, Recorder(stop_at=1), tmp_path)
    assert torch.equal(torch.rand(3), expected)


def test_a_checkpoint_of_another_spec_is_refused(tmp_path: Path) -> None:
    run(SPEC, Recorder(stop_at=1), tmp_path)
    other = SPEC.model_copy(update={"seed": 1})
    with pytest.raises(CheckpointError, match="seed: 0 there, 1 here"):
        run(other, Recorder(), tmp_path, tmp_path / CHECKPOINT_NAME)


def test_a_checkpoint_of_another_network_code_is_refused(tmp_path: Path) -> None:
    path = tmp_path / CHECKPOINT_NAME
    save(Checkpoint(SPEC, Position(0, 1, 1), {"model/old.weight": torch.ones(1)}), path)
    with pytest.raises(CheckpointError, match="written by another version"):
        run(SPEC, Recorder(), tmp_path, path)
