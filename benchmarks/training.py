"""Seconds and peak memory of training: one epoch of ours, one step beside its peers."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.processes import peer_python, run_json
from benchmarks.report import Report

EPOCHS: list[tuple[str, dict[str, Any]]] = [
    ("digits small-conv, batch 64", {"dataset": "digits"}),
    ("Fashion-MNIST small-conv, batch 128", {"dataset": "fashion-mnist", "batch_size": 128}),
]
STEP: dict[str, Any] = {"dataset": "cifar10", "network": "resnet20", "batch_size": 32}
ROUNDS = {"fp32": 11, "bf16": 3}
OURS = "realspike"

Row = list[str | float | None]


def report() -> Report:
    """The training table."""
    load = os.getloadavg()[0]
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as in a worker
    notes = [
        f"load of the machine before: {load:.1f} on {os.cpu_count()} cores. On a busy one the "
        "ratios of wall time wander; those of CPU time were seen to hold.",
        "step: forward and backward of one batch of random images, channels-last; median of "
        "steps that alternate in one process. Memory: peak of a process that runs that one alone.",
        "faster, less CPU: its seconds over ours. Targets beside SpikingJelly 1.4 (fp32) and 1.8 "
        "(bf16), beside ReLU 0.91. Memory: ours over its. Target beside SpikingJelly 0.6.",
        "epoch: one epoch with its test pass, in a process of its own; peak is resident memory.",
    ]
    rows = [*_epochs(notes), *_steps(notes)]
    columns = ["what", "on", "implementation", "seconds", "faster", "less CPU", "MiB", "memory"]
    return Report("training", "Training, T = 4, CPU", columns, rows, notes)


def _epochs(notes: list[str]) -> Iterator[Row]:
    data_dir = Path(os.environ.get("REALSPIKE_DATA_DIR", ".realspike/data")).absolute()
    for title, fields in EPOCHS:
        if fields["dataset"] != "digits" and not (data_dir / fields["dataset"]).is_dir():
            notes.append(f"{title}: left out, set REALSPIKE_DATA_DIR to the folder that has it.")
            continue
        spec = json.dumps(fields | {"epochs": 1, "granularity": "channel"})
        found = run_json("benchmarks.one_epoch", spec, str(data_dir))
        seconds, peak = found["epoch_seconds"], found["peak_mib"]
        yield ["epoch", title, OURS, seconds, None, None, peak, None]


def _steps(notes: list[str]) -> Iterator[Row]:
    python = peer_python()
    if python is None:
        notes.append("step: left out, the peers could not be installed.")
        return
    spec = json.dumps(STEP)
    for precision, rounds in ROUNDS.items():
        told = (spec, str(rounds), precision)
        found = run_json("benchmarks.step_peers", *told, python=python)
        if precision == "bf16" and not found["native_bf16"]:
            notes.append(
                "bf16: this processor has no such arithmetic. torch then convolves in a slow "
                "way that takes nearly the whole step, whatever the neurons are."
            )
        seconds, cpu = found["seconds"], found["cpu_seconds"]
        peaks = {
            name: run_json("benchmarks.step_peers", spec, "1", precision, name, python=python)
            for name in seconds
        }
        ours = peaks[OURS]["peak_mib"]
        for name, value in seconds.items():
            peak = peaks[name]["peak_mib"]
            title = f"resnet20, 32x32, batch 32, {precision}"
            faster, less = value / seconds[OURS], cpu[name] / cpu[OURS]
            yield ["step", title, name, value, faster, less, peak, ours / peak]
