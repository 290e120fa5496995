"""The example of the guide: a network that is none of ours, from training to verified files."""

import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from rscore.finish import Finished
from rscore.folding import fold
from rscore.verify import verify

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "own_network.py"


@pytest.fixture(scope="module")
def example() -> dict[str, Any]:
    return runpy.run_path(str(EXAMPLE))


def test_it_trains_folds_certifies_and_exports(example: dict[str, Any], tmp_path: Path) -> None:
    main: Callable[[Path], tuple[nn.Module, Finished]] = example["main"]
    network, finished = main(tmp_path)
    assert finished.verdict in ("exact", "bounded")
    assert finished.certificate["float64"]["spikes_equal"]
    assert {"weights", "folded", "graph", "onnx", "certificate"} <= set(finished.files)
    assert all(path.stat().st_size > 0 for path in finished.files.values())
    digits = example["data"].load(example["RunSpec"](), Path())
    inputs, labels = digits.test.head(len(digits.test))
    with torch.no_grad():
        right = fold(network, inputs[:1]).float()(inputs).argmax(1) == labels
    assert float(right.float().mean()) > 0.8
    assert verify(tmp_path, network=network).ok


def test_it_is_about_forty_lines(example: dict[str, Any]) -> None:
    lines = EXAMPLE.read_text().splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("class Separable"))
    length = next(i for i, line in enumerate(lines[start:]) if line.startswith("def "))
    assert length < 45
