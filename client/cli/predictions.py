"""Samples to classify, read from a file, and what a model says of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rich.console import Console

from client.cli.render import percent, print_table
from client.errors import InputError
from client.wire import Prediction, Sample


def print_predictions(
    out: Console,
    predictions: list[Prediction],
    labels: list[int] | None,
    classes: list[str],
    *,
    show: int | None = None,
) -> None:
    """Predicted beside true class, one sample a row (the first `show`), and the accuracy of all."""
    if labels is None:
        print_table(
            out,
            ("SAMPLE", "PREDICTED", "PROBABILITY"),
            (
                (index, found["name"], percent(found["probability"]))
                for index, found in enumerate(predictions)
            ),
        )
        return
    right = [found["label"] == label for found, label in zip(predictions, labels, strict=True)]
    print_table(
        out,
        ("SAMPLE", "PREDICTED", "TRUE", "PROBABILITY", ""),
        (
            (
                index,
                found["name"],
                classes[label],
                percent(found["probability"]),
                "" if right[index] else "wrong",
            )
            for index, (found, label) in enumerate(zip(predictions[:show], labels, strict=False))
        ),
    )
    out.print(f"{sum(right)} of {len(right)} right ({percent(sum(right) / len(right))})")


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no number of JSON")


def read_samples(file: Path) -> tuple[list[Sample], list[int] | None]:
    """Samples of a JSON file, and their labels where it has some; raises InputError."""
    try:
        document: Any = json.loads(file.read_text(encoding="utf-8"), parse_constant=_refuse)
    except OSError as error:
        raise InputError(f"{file}: {error.strerror or error}") from error
    except ValueError as error:
        raise InputError(f"{file}: this is not JSON: {error}") from error
    labels = None
    if isinstance(document, dict):
        labels = document.get("labels")
        document = document.get("inputs")
    if not isinstance(document, list) or not document:
        raise InputError(f'{file}: expected a list of samples, or {{"inputs": [...]}}')
    if labels is not None and len(labels) != len(document):
        raise InputError(f"{file}: {len(document)} inputs, but {len(labels)} labels")
    return document, labels
