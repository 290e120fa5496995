from __future__ import annotations

from pathlib import Path

import pytest
import torch

from rscore import data
from rscore.data import resize
from rscore.data.resize import resized
from rscore.data.samples import TensorSamples
from rscore.spec import RunSpec

LABELS = torch.zeros(3, dtype=torch.int64)


def test_bytes_stay_bytes_and_chunks_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    images = torch.randint(0, 256, (3, 2, 8, 8), generator=torch.Generator().manual_seed(0))
    samples = TensorSamples(images.to(torch.uint8), LABELS, divisor=255.0)
    whole = resized(samples, 12)
    assert isinstance(whole, TensorSamples)
    assert (whole.inputs.dtype, whole.inputs.shape) == (torch.uint8, (3, 2, 12, 12))
    assert whole.divisor == 255.0
    monkeypatch.setattr(resize, "_CHUNK", 2)
    parts = resized(samples, 12)
    assert isinstance(parts, TensorSamples)
    assert torch.equal(parts.inputs, whole.inputs)


def test_shrinking_averages_and_rounds() -> None:
    board = (torch.arange(256).view(16, 16) + torch.arange(16)[:, None]) % 2 * 255
    samples = TensorSamples(board.to(torch.uint8).expand(3, 1, 16, 16), LABELS)
    small = resized(samples, 4)
    assert isinstance(small, TensorSamples)
    assert (small.inputs.float() - 127.5).abs().max() < 20
    flat = TensorSamples(torch.full((3, 1, 16, 16), 7, dtype=torch.uint8), LABELS)
    assert (resized(flat, 5).head(3)[0] == 7).all()


def test_samples_that_fit_are_left_alone() -> None:
    samples = TensorSamples(torch.rand(3, 1, 8, 8), LABELS)
    assert resized(samples, 8) is samples


def test_a_spec_may_ask_for_another_size() -> None:
    loaded = data.load(RunSpec(image_size=16, train_samples=20, test_samples=10), Path("nowhere"))
    images, _ = loaded.train.head(50)
    assert images.shape == (20, 1, 16, 16)
    assert images.dtype == torch.float32
    assert images.max() <= 1
    assert len(loaded.test) == 10
