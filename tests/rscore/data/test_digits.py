from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import torch

from rscore import data
from rscore.data import digits
from rscore.errors import DatasetMissingError
from rscore.spec import RunSpec

NOWHERE = Path("nowhere")


def test_split_is_stratified_and_whole() -> None:
    loaded = data.load(RunSpec(), NOWHERE)
    assert loaded.train.inputs.shape == (1437, 1, 8, 8)
    assert loaded.test.inputs.shape == (360, 1, 8, 8)
    assert loaded.train.inputs.dtype == loaded.test.inputs.dtype == torch.float32
    assert loaded.train.labels.dtype == torch.int64
    assert (loaded.train.inputs.min(), loaded.train.inputs.max()) == (0, 1)
    assert loaded.test.labels.bincount().tolist() == [36, 37, 35, 37, 36, 36, 36, 36, 35, 36]
    rows = torch.cat([loaded.train.inputs, loaded.test.inputs]).flatten(1)
    assert len(rows.unique(dim=0)) == 1797


def test_split_is_the_one_of_every_run_and_every_machine() -> None:
    first, other = (data.load(RunSpec(seed=seed), NOWHERE) for seed in (0, 1))
    assert torch.equal(first.test.inputs, other.test.inputs)
    labels = bytes(first.train.labels.tolist() + first.test.labels.tolist())
    assert hashlib.sha256(labels).hexdigest().startswith("baca5cf450ec6381")


def test_the_first_samples_hold_every_class() -> None:
    loaded = data.load(RunSpec(train_samples=100, test_samples=60), NOWHERE)
    assert (len(loaded.train.inputs), len(loaded.train.labels)) == (100, 100)
    assert (len(loaded.test.inputs), len(loaded.test.labels)) == (60, 60)
    assert loaded.train.labels.unique().tolist() == list(range(10))
    assert loaded.test.labels.unique().tolist() == list(range(10))


def test_digits_without_scikit_learn_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    assert data.missing("digits", NOWHERE) is None
    assert data.fetch("digits", NOWHERE) == []
    monkeypatch.setattr(digits.importlib.util, "find_spec", lambda name: None)
    remedy = data.missing("digits", NOWHERE)
    assert remedy is not None
    assert "pip install 'realspike[worker]'" in remedy
    with pytest.raises(DatasetMissingError, match="scikit-learn"):
        data.load(RunSpec(), NOWHERE)
