"""Configurations as scripts keep them."""

from __future__ import annotations

import argparse
import enum
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from client.errors import InputError
from client.script.config import flat_config
from client.script.run_ids import new_run_id
from server.storage.ids import new_id


class Optimizer(enum.Enum):
    SGD = "sgd"


@dataclass
class Options:
    lr: float
    layers: tuple[int, ...]


def test_whatever_holds_a_configuration() -> None:
    assert flat_config(None) == {}
    assert flat_config(argparse.Namespace(lr=0.1, data=Path("x"))) == {"lr": 0.1, "data": "x"}
    assert flat_config(Options(0.1, (1, 2))) == {"lr": 0.1, "layers": [1, 2]}


def test_whatever_it_holds() -> None:
    config = {
        "optimizer": {"kind": Optimizer.SGD, 0: True},
        "loss": float("inf"),
        "scalar": np.float32(0.5),
        "tensor": torch.tensor(3),
        "array": np.arange(3),
        "type": int,
        "none": None,
    }
    assert flat_config(config) == {
        "optimizer.kind": "sgd",
        "optimizer.0": True,
        "loss": "inf",
        "scalar": 0.5,
        "tensor": 3,
        "array": [0, 1, 2],
        "type": "<class 'int'>",
        "none": None,
    }


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("lr=0.1", "config is 'lr=0.1'; give a mapping"),
        (Options, "give a mapping"),
        ({"a.b": 1, "a": {"b": 2}}, "config: 'a.b' is there twice"),
        ({"a": np.zeros(100_000)}, "record what is large as a file"),
    ],
)
def test_mistakes_are_named(config: Any, message: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        flat_config(config)


def test_ids_are_the_services_own_in_form_and_order() -> None:
    ids = [new_id("run"), new_run_id(), new_id("run"), new_run_id()]
    assert ids == sorted(ids)
    assert len({len(each) for each in ids}) == 1
    assert all(re.fullmatch("run_[0-9a-hjkmnp-tv-z]{26}", each) for each in ids)
