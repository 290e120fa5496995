"""One inference: the folded network as ONNX beside the trained network in eval mode.

`python -m benchmarks.inference SPEC_JSON BATCH ROUNDS` measures one case in this process.
"""

from __future__ import annotations

import copy
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnxruntime
import torch
from torch import Tensor, nn

from benchmarks.processes import run_json
from benchmarks.report import Report
from rscore.amplitude import Amplitude
from rscore.export import onnx_file
from rscore.folding import fold
from rscore.folding.net import INPUT
from rscore.networks import build_network
from rscore.spec import RunSpec, parse_spec

CASES: list[tuple[str, dict[str, Any]]] = [
    ("small-conv, 28x28", {"dataset": "fashion-mnist"}),
    ("resnet20, 32x32", {"dataset": "cifar10", "network": "resnet20"}),
]
BATCHES = [(1, 100), (64, 15)]
"""Samples at once, and how often each implementation takes its turn."""
TRAINED, CHANNELS_LAST, FOLDED = "trained, torch eval", "trained, channels-last", "folded ONNX"


def report() -> Report:
    """The inference table."""
    rows: list[list[str | float | None]] = []
    for title, fields in CASES:
        for batch, rounds in BATCHES:
            times = run_json("benchmarks.inference", json.dumps(fields), str(batch), str(rounds))
            folded = times[FOLDED]
            rows += [
                [title, batch, name, 1000 * seconds, seconds / folded]
                for name, seconds in times.items()
            ]
    return Report(
        "inference",
        "Inference, T = 4, CPU, float32",
        ["network", "batch", "implementation", "ms", "ratio to folded ONNX"],
        rows,
        [
            "median of alternating turns in one process, all cores; random weights that fire, "
            "channel-wise amplitudes; the ONNX file also counts every layer's spikes.",
            f"onnxruntime {onnxruntime.__version__}, torch {torch.__version__}.",
        ],
    )


@torch.no_grad()
def measure(spec: RunSpec, batch: int, rounds: int) -> dict[str, float]:
    """Median seconds of one batch by each implementation."""
    network, inputs = _firing_network(spec), torch.rand(batch, *spec.input_shape)
    turns = _implementations(network, inputs)
    times: dict[str, list[float]] = {name: [] for name in turns}
    for _ in range(rounds + 2):
        for name, turn in turns.items():
            began = time.perf_counter()
            turn()
            times[name].append(time.perf_counter() - began)
    return {name: statistics.median(values[2:]) for name, values in times.items()}


def _firing_network(spec: RunSpec) -> nn.Module:
    """The spec's network with the statistics of a few random batches, and no amplitude at 1."""
    torch.manual_seed(0)
    network = build_network(spec)
    for module in network.modules():
        if isinstance(module, Amplitude):
            nn.init.normal_(module.value, 1.0, 0.3)
    for _ in range(5):
        network(torch.rand(16, *spec.input_shape))
    return network.eval()


def _implementations(network: nn.Module, inputs: Tensor) -> dict[str, Callable[[], object]]:
    folded = fold(network, inputs[:1]).float()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "folded.onnx"
        onnx_file.save(folded, path, inputs, about={})
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    given = {INPUT: inputs.numpy()}
    laid_out = copy.deepcopy(network).to(memory_format=torch.channels_last)
    last = inputs.to(memory_format=torch.channels_last)
    return {
        TRAINED: lambda: network(inputs),
        CHANNELS_LAST: lambda: laid_out(last),
        FOLDED: lambda: session.run(None, given),
    }


def main() -> None:
    spec = parse_spec(json.loads(sys.argv[1]))
    print(json.dumps(measure(spec, int(sys.argv[2]), int(sys.argv[3]))))


if __name__ == "__main__":
    main()
