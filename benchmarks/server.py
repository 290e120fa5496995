"""Seconds until the server answers as ready, and its resident memory then."""

from __future__ import annotations

import statistics
import sys
import tempfile
import time

from benchmarks.processes import free_port, serving, tree_memory
from benchmarks.report import Report

ROUNDS = 3


def report() -> Report:
    """The server table."""
    runs = [_start() for _ in range(ROUNDS)]
    seconds = statistics.median(run[0] for run in runs)
    memory = statistics.median(run[1] for run in runs)
    return Report(
        "server",
        "Server start",
        ["process", "seconds until ready", "resident MiB"],
        [["python -m server, embedded, empty database", seconds, memory]],
        [f"median of {ROUNDS} starts, each with a new home; migrations included."],
    )


def _start() -> tuple[float, float]:
    with tempfile.TemporaryDirectory() as home:
        port = free_port()
        environment = {"REALSPIKE_HOME": home, "REALSPIKE_PORT": str(port)}
        url = f"http://127.0.0.1:{port}/api/v1/health"
        began = time.perf_counter()
        with serving([sys.executable, "-m", "server"], environment, url) as process:
            return time.perf_counter() - began, tree_memory(process.pid) / 2**20
