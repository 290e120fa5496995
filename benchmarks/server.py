"""Seconds until the server answers as ready, and its resident memory then."""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time

import httpx

from benchmarks.processes import ROOT, tree_memory
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
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as home:
        environment = os.environ | {"REALSPIKE_HOME": home, "REALSPIKE_PORT": str(port)}
        began = time.perf_counter()
        with subprocess.Popen(
            [sys.executable, "-m", "server"], cwd=ROOT, env=environment
        ) as process:
            try:
                _wait_until_answers(f"http://127.0.0.1:{port}/api/v1/health", process)
                return time.perf_counter() - began, tree_memory(process.pid) / 2**20
            finally:
                process.terminate()


def _wait_until_answers(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(url, timeout=1).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.02)
    raise RuntimeError(f"the server did not answer at {url}")
