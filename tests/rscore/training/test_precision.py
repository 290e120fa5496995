from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.optim import SGD

from rscore.errors import SpecError
from rscore.spec import RunSpec
from rscore.training import train
from rscore.training.precision import Precision
from tests.support.recorder import Recorder

CPU = torch.device("cpu")
TINY: dict[str, Any] = {
    "train_samples": 60,
    "test_samples": 20,
    "width": 4,
    "num_timesteps": 2,
    "epochs": 1,
    "batch_size": 20,
}
needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


@pytest.mark.parametrize(
    ("precision", "dtype"), [("fp32", torch.float32), ("bf16", torch.bfloat16)]
)
def test_synapses_run_in_the_precision_of_the_spec(precision: str, dtype: torch.dtype) -> None:
    with Precision(RunSpec(precision=precision), CPU).mixed():
        assert nn.Linear(3, 2)(torch.ones(1, 3)).dtype is dtype
    assert nn.Linear(3, 2)(torch.ones(1, 3)).dtype is torch.float32


def test_fp16_is_refused_on_the_cpu_with_a_way_out(tmp_path: Path) -> None:
    recorder = Recorder()
    with pytest.raises(SpecError, match=r"precision: fp16 needs a GPU.* use bf16 or fp32"):
        train(RunSpec(**TINY, precision="fp16"), recorder, workdir=tmp_path, data_dir=tmp_path)
    assert not recorder.lines


@pytest.mark.parametrize(("largest", "expected"), [(None, 12.0), (100.0, 12.0), (3.0, 3.0)])
def test_a_gradient_is_clipped_by_the_norm_of_all(largest: float | None, expected: float) -> None:
    network = nn.Linear(3, 1, bias=True)
    before = [parameter.detach().clone() for parameter in network.parameters()]
    optimizer = SGD(network.parameters(), lr=1.0)
    loss = 6 * network(torch.ones(1, 3)).sum()  # four gradients of 6: norm 12
    Precision(RunSpec(), CPU).apply(loss, optimizer, network, clip_norm=largest)
    moved = [b - p.detach() for b, p in zip(before, network.parameters(), strict=True)]
    norm = torch.cat([step.flatten() for step in moved]).norm().item()
    assert norm == pytest.approx(expected, rel=1e-4)


def test_bf16_learns_and_is_tested_in_float32(tmp_path: Path) -> None:
    from rscore import data

    spec = RunSpec(**TINY | {"epochs": 3}, precision="bf16")
    result = train(spec, Recorder(), workdir=tmp_path, data_dir=tmp_path)
    whole = RunSpec(**TINY | {"epochs": 3})
    other = train(whole, Recorder(), workdir=tmp_path / "fp32", data_dir=tmp_path)
    assert result.metrics["train_loss"] != other.metrics["train_loss"]
    assert result.metrics["train_loss"] == pytest.approx(other.metrics["train_loss"], rel=0.05)
    assert all(value.dtype != torch.bfloat16 for value in result.network.state_dict().values())
    inputs, labels = data.load(spec, tmp_path).test.head(20)
    loss = nn.functional.cross_entropy(result.network(inputs), labels)
    assert loss.item() == pytest.approx(result.metrics["test_loss"])


@needs_cuda
def test_fp16_leaves_out_a_step_whose_gradients_do_not_fit() -> None:
    device = torch.device("cuda")
    network = nn.Linear(3, 1).to(device)
    before = network.weight.detach().clone()
    optimizer = SGD(network.parameters(), lr=1.0)
    precision = Precision(RunSpec(precision="fp16"), device)
    scale = precision.tensors()
    with precision.mixed():
        loss = network(torch.full((1, 3), 1000.0, device=device)).sum()
    precision.apply(loss, optimizer, network, clip_norm=None)
    assert torch.equal(network.weight, before)
    kept = precision.tensors()
    assert kept["scale"] < scale["scale"]
    again = Precision(RunSpec(precision="fp16"), device)
    again.restore(kept)
    assert again.tensors() == kept


@needs_cuda
@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_half_precision_learns_on_cuda(precision: str, tmp_path: Path) -> None:
    spec = RunSpec(**TINY | {"epochs": 3}, precision=precision)
    result = train(spec, Recorder(), workdir=tmp_path, data_dir=tmp_path, device="cuda")
    whole = RunSpec(**TINY | {"epochs": 3})
    other = train(whole, Recorder(), workdir=tmp_path / "fp32", data_dir=tmp_path, device="cuda")
    assert result.metrics["train_loss"] == pytest.approx(other.metrics["train_loss"], rel=0.1)
