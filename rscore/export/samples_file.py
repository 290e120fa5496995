"""Held-out samples that travel with a model: for a first try, and to prove the fold again."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from rscore.errors import ExportError

MOST_VALUES = 2**21
"""Numbers in the file at most; so large images travel in smaller number."""


def travelling(inputs: Tensor, most: int) -> int:
    """How many of `inputs` [N, ...] travel: `most`, or as many as make a file of tens of MB."""
    return max(1, min(most, len(inputs), MOST_VALUES // max(1, math.prod(inputs.shape[1:]))))


def save(path: Path, inputs: Tensor, labels: Tensor, *, about: dict[str, Any]) -> None:
    """Writes samples [N, ...] and labels [N] as JSON; reading gives the same float32 values.

    Args:
        path: where.
        inputs: float32.
        labels: classes.
        about: JSON values beside "inputs" and "labels".
    """
    shortest = [float(text) for text in inputs.flatten().numpy().astype(str)]
    document = about | {
        "inputs": _nested(shortest, tuple(inputs.shape)),
        "labels": [int(label) for label in labels],
    }
    path.write_text(json.dumps(document) + "\n")


def load(path: Path) -> tuple[Tensor, Tensor]:
    """Samples [N, ...] float32 and labels [N].

    Raises:
        ExportError: if the file holds something else.
    """
    try:
        document = json.loads(path.read_text())
        inputs = torch.tensor(document["inputs"], dtype=torch.float32)
        return inputs, torch.tensor(document["labels"])
    except (KeyError, TypeError, ValueError) as error:
        raise ExportError(f"{path.name} holds no samples: {error}") from error


def metadata(path: Path) -> dict[str, Any]:
    """The JSON values that `about` held."""
    document: dict[str, Any] = json.loads(path.read_text())
    return {key: value for key, value in document.items() if key not in ("inputs", "labels")}


def _nested(values: list[float], shape: tuple[int, ...]) -> list[Any]:
    if len(shape) == 1:
        return values
    size = len(values) // shape[0] if shape[0] else 0
    return [_nested(values[i * size : (i + 1) * size], shape[1:]) for i in range(shape[0])]
