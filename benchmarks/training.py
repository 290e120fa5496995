"""Seconds and peak memory of training: one epoch of ours, one step beside its peers."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from benchmarks.processes import peer_python, run_json
from benchmarks.report import Report

EPOCHS: list[tuple[str, dict[str, Any]]] = [
    ("digits small-conv, batch 64", {"dataset": "digits"}),
    ("Fashion-MNIST small-conv, batch 128", {"dataset": "fashion-mnist", "batch_size": 128}),
]
STEPS: list[tuple[str, dict[str, Any]]] = [
    ("Fashion-MNIST small-conv, batch 32", {"dataset": "fashion-mnist", "batch_size": 32}),
    (
        "Fashion-MNIST resnet20, batch 32",
        {"dataset": "fashion-mnist", "network": "resnet20", "batch_size": 32},
    ),
]


def report() -> Report:
    """The training table."""
    rows: list[list[str | float | None]] = []
    notes = [
        "step: forward and backward, median of alternating steps in one process; ratio to ours.",
        "epoch: one epoch with its test pass, in a process of its own; peak is resident memory.",
    ]
    data_dir = Path(os.environ.get("REALSPIKE_DATA_DIR", ".realspike/data")).absolute()
    for title, fields in EPOCHS:
        if fields["dataset"] != "digits" and not (data_dir / fields["dataset"]).is_dir():
            notes.append(f"{title}: left out, set REALSPIKE_DATA_DIR to the folder that has it.")
            continue
        spec = json.dumps(fields | {"epochs": 1, "granularity": "channel"})
        result = run_json("benchmarks.one_epoch", spec, str(data_dir))
        rows.append(
            ["epoch", title, "realspike", result["epoch_seconds"], None, result["peak_mib"]]
        )
    python = peer_python()
    if python is None:
        notes.append("step: left out, the peers could not be installed.")
        return _report(rows, notes)
    for title, fields in STEPS:
        times = run_json("benchmarks.step_peers", json.dumps(fields), "15", python=python)
        ours = times["realspike fused"]
        rows += [["step", title, name, value, value / ours, None] for name, value in times.items()]
    return _report(rows, notes)


def _report(rows: list[list[str | float | None]], notes: list[str]) -> Report:
    columns = ["what", "on", "implementation", "seconds", "ratio to ours", "peak MiB"]
    return Report("training", "Training, T = 4, CPU", columns, rows, notes)
