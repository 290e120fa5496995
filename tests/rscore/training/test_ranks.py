"""Processes that train one run together, started by a real torchrun."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from rscore.errors import SpecError
from rscore.reporting import StopReason
from rscore.spec import RunSpec
from rscore.training import train
from rscore.training.ranks import ALONE, Ranks, launched_ranks, replaced_norms
from tests.rscore.training.ranks_at_work import STEPS_AN_EPOCH
from tests.support.recorder import Recorder

ROOT = Path(__file__).parents[3]
BOTH = (0, 1)


class Outcome:
    """What one rank had in the end."""

    def __init__(self, folder: Path, name: str, rank: int) -> None:
        path = folder / f"{name}-{rank}"
        self.weights: dict[str, Tensor] = load_file(path.with_suffix(".safetensors"))
        self.told: dict[str, Any] = json.loads(path.with_suffix(".json").read_text())


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ranks")
    module = "tests.rscore.training.ranks_at_work"
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    subprocess.run(
        [*launcher, "--nproc-per-node", "2", "-m", module, str(folder)],
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        check=True,
        timeout=120,
    )
    return folder


def test_without_batch_norm_two_ranks_learn_what_one_learns(work: Path) -> None:
    alone = Outcome(work, "alone", 0)
    for rank in BOTH:
        together = Outcome(work, "together", rank)
        assert together.told["steps"] == alone.told["steps"] == 2 * STEPS_AN_EPOCH
        for name, value in alone.weights.items():
            difference = (together.weights[name] - value).abs().max()
            assert difference < 1e-12, (rank, name)
    metrics = Outcome(work, "together", 0).told["metrics"]
    for name in ("train_loss", "train_acc", "test_loss", "test_acc", "firing_rate"):
        assert metrics[name] == pytest.approx(alone.told["metrics"][name], rel=1e-6), name


def test_rank_0_alone_speaks_and_writes(work: Path) -> None:
    main, other = (Outcome(work, "together", rank).told for rank in BOTH)
    alone = Outcome(work, "alone", 0).told
    assert main["lines"] == alone["lines"]
    assert main["values"].keys() == alone["values"].keys()
    assert (main["checkpoints"], main["asked"]) == (alone["checkpoints"], alone["asked"])
    assert (other["lines"], other["values"], other["checkpoints"]) == (0, {}, 0)


def test_a_stop_of_one_stops_all_at_its_step(work: Path) -> None:
    for rank in BOTH:
        told = Outcome(work, "stopped", rank).told
        assert (told["steps"], told["stopped"]) == (2, "drained")
    assert Outcome(work, "stopped", 0).told["checkpoints"] == 1


def test_resumed_together_the_bits_are_the_same(work: Path) -> None:
    for rank in BOTH:
        resumed, whole = Outcome(work, "resumed", rank), Outcome(work, "together", rank)
        assert all(
            torch.equal(resumed.weights[name], whole.weights[name]) for name in whole.weights
        )
    resumed, whole = Outcome(work, "resumed", 0), Outcome(work, "together", 0)
    kept = {name for name in whole.told["metrics"] if name != "epoch_seconds"}
    assert {name: resumed.told["metrics"][name] for name in kept} == {
        name: whole.told["metrics"][name] for name in kept
    }


def test_with_batch_norm_the_ranks_share_weights(work: Path) -> None:
    main, other = (Outcome(work, "norm", rank) for rank in BOTH)
    learned = [name for name in main.weights if not name.rpartition(".")[2].startswith("running")]
    assert "encode.1.weight" in learned
    assert all(torch.equal(main.weights[name], other.weights[name]) for name in learned)
    assert main.told["metrics"]["test_loss"] < 3


def test_every_sample_is_in_one_ranks_part_and_the_parts_are_alike() -> None:
    batch = torch.arange(23)
    parts = [Ranks(rank, 4).share(batch) for rank in range(4)]
    assert torch.equal(torch.cat(parts), batch)
    assert {len(part) for part in parts} == {5, 6}
    values = torch.randn(23, dtype=torch.float64)
    means = [values[part].mean() * Ranks(0, 4).weight(len(part), 23) for part in parts]
    assert sum(means) / 4 == pytest.approx(values.mean().item())


def test_alone_nothing_is_changed() -> None:
    network = nn.Linear(1, 1)
    assert ALONE.wrap(network) is network
    assert torch.equal(ALONE.share(torch.arange(3)), torch.arange(3))
    assert ALONE.weight(5, 5) == 1
    assert ALONE.agree(StopReason.DRAINED) is StopReason.DRAINED
    assert ALONE.total(1.5, 2) == ALONE.told(1.5, 2) == [1.5, 2]


@pytest.mark.parametrize("fields", [{"batch_size": 3}, {"train_samples": 3}])
def test_more_processes_than_samples_are_refused(fields: dict[str, int], tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="a batch of 3 cannot be shared by 4 processes"):
        train(RunSpec(**fields), Recorder(), workdir=tmp_path, data_dir=tmp_path, ranks=Ranks(0, 4))


def test_what_torchrun_says(monkeypatch: pytest.MonkeyPatch) -> None:
    assert launched_ranks() == (0, 0, 1)
    for name, value in (("RANK", "5"), ("LOCAL_RANK", "1"), ("WORLD_SIZE", "8")):
        monkeypatch.setenv(name, value)
    assert launched_ranks() == (5, 1, 8)


def test_synchronised_norms_give_back_what_they_learned() -> None:
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Sequential(nn.BatchNorm2d(2)), nn.BatchNorm1d(3))
    before = list(network.modules())
    with replaced_norms(network):
        kinds = {type(module) for module in network.modules()}
        assert nn.SyncBatchNorm in kinds
        assert not kinds & {nn.BatchNorm1d, nn.BatchNorm2d}
        with torch.no_grad():
            network.get_parameter("1.0.weight").fill_(7.0)
            network.get_buffer("1.0.running_mean").add_(2.0)
    assert list(network.modules()) == before
    assert network.get_parameter("1.0.weight").tolist() == [7.0, 7.0]
    assert network.get_buffer("1.0.running_mean").tolist() == [2.0, 2.0]
