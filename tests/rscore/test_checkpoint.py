from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest
import safetensors.torch
import torch

from rscore import checkpoint
from rscore.checkpoint import FORMAT, VERSION, Checkpoint, Position
from rscore.errors import CheckpointError
from rscore.spec import RunSpec

SPEC = RunSpec(width=4)
SAVED = Checkpoint(
    spec=SPEC,
    position=Position(epoch=1, batch=2, step=25, epoch_seconds=0.1),
    tensors={
        "model/weight": torch.arange(6.0).view(2, 3).t(),
        "total/loss": torch.tensor(0.1, dtype=torch.float64),
        "random/cpu": torch.get_rng_state(),
    },
    metrics={"test_acc": 0.1 + 0.2},
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "deep" / "checkpoint.safetensors"
    checkpoint.save(SAVED, path)
    return path


def test_everything_comes_back_bit_for_bit(path: Path) -> None:
    loaded = checkpoint.load(path, SPEC)
    assert (loaded.spec, loaded.position) == (SPEC, SAVED.position)
    assert loaded.metrics == SAVED.metrics
    assert loaded.tensors.keys() == SAVED.tensors.keys()
    for name, tensor in SAVED.tensors.items():
        assert loaded.tensors[name].dtype == tensor.dtype
        assert torch.equal(loaded.tensors[name], tensor)
    assert list(loaded.part("model")) == ["weight"]


def test_another_specification_is_refused_by_its_differences(path: Path) -> None:
    with pytest.raises(CheckpointError) as raised:
        checkpoint.load(path, RunSpec(width=8, seed=3))
    message = str(raised.value)
    assert "another specification (seed: 0 there, 3 here, width: 4 there, 8 here)" in message


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="there is no checkpoint at"):
        checkpoint.load(tmp_path / "none", SPEC)


@pytest.mark.parametrize("length", [0, 4, 100, 2000, -1])
def test_a_cut_file_is_refused(path: Path, length: int) -> None:
    content = path.read_bytes()[:length]
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"cannot be read: .*delete it to start"):
        checkpoint.load(path, SPEC)


def test_a_folder_or_other_bytes_are_refused(path: Path) -> None:
    with pytest.raises(CheckpointError, match="cannot be read"):
        checkpoint.load(path.parent, SPEC)
    path.write_bytes(os.urandom(500))
    with pytest.raises(CheckpointError, match="cannot be read"):
        checkpoint.load(path, SPEC)


@pytest.mark.parametrize(
    "metadata", [None, {"spec": "{}"}, {FORMAT: "not json"}, {FORMAT: "{}"}, {FORMAT: "[]"}]
)
def test_another_safetensors_file_is_refused(path: Path, metadata: dict[str, str] | None) -> None:
    path.write_bytes(safetensors.torch.save({"weight": torch.ones(2)}, metadata))
    with pytest.raises(CheckpointError, match="is not a checkpoint of a training"):
        checkpoint.load(path, SPEC)


def test_another_version_is_refused(path: Path) -> None:
    document = {
        "version": VERSION + 1,
        "position": {"epoch": 0, "batch": 0, "step": 0},
        "spec_digest": SPEC.digest(),
        "spec": {},
        "metrics": {},
    }
    path.write_bytes(safetensors.torch.save({}, {FORMAT: json.dumps(document)}))
    with pytest.raises(
        CheckpointError, match=f"has checkpoint version {VERSION + 1}, this program reads"
    ):
        checkpoint.load(path, SPEC)


def test_a_failed_write_leaves_the_old_file_and_nothing_else(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = path.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            checkpoint.save(Checkpoint(SPEC, Position(2, 0, 46), {}), path)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]
