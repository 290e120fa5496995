"""Processes that benchmarks measure from outside: wall time and peak memory."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil

ROOT = Path(__file__).parent.parent
PEERS = ROOT / ".venv-bench"
PEER_PACKAGES = ["torch==2.13.0", "numpy", "pydantic", "scikit-learn", "safetensors", "pooch"]
PEER_LOOSE = ["spikingjelly==2.0.0", "loguru", "packaging"]


def run_json(module: str, *arguments: str, python: Path | None = None) -> dict[str, Any]:
    """The JSON document that `python -m module` prints as its last line."""
    command = [str(python or sys.executable), "-m", module, *arguments]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    document: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return document


def peer_python() -> Path | None:
    """The interpreter of the peers' own environment, made on first use; None if it cannot be."""
    constrained = ["--constraint", str(ROOT / "constraints.txt")]
    return made_environment(PEERS, [*constrained, *PEER_PACKAGES], ["--no-deps", *PEER_LOOSE])


def made_environment(folder: Path, *installs: list[str]) -> Path | None:
    """The interpreter of a virtual environment, made on first use by what pip is told in turn."""
    python = folder / "bin" / "python"
    ready = folder / "installed"
    if ready.exists():
        return python
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    try:
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        for told in installs:
            subprocess.run([*pip, *told], check=True)
    except subprocess.CalledProcessError as error:
        print(f"{folder} cannot be made, its rows stay empty: {error}", file=sys.stderr)
        return None
    ready.touch()
    return python


def free_port() -> int:
    """A TCP port of this machine that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(
    command: list[str], environment: Mapping[str, str], url: str
) -> Iterator[subprocess.Popen[bytes]]:
    """A server process and all it starts, from its first answer at `url` to the block's end."""
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ | environment,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        try:
            if not _answers(url, process):
                output.seek(0)
                said = output.read()[-2000:].decode(errors="replace")
                raise RuntimeError(f"{command[0]} did not answer at {url}:\n{said}")
            yield process
        finally:
            _stop(process)


def _answers(url: str, process: subprocess.Popen[bytes]) -> bool:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(url, timeout=1).status_code == 200:
                return True
        except httpx.TransportError:
            time.sleep(0.02)
    return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=20)
    except ProcessLookupError:
        process.wait()
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def tree_memory(pid: int) -> int:
    """Resident bytes of a process and all below it."""
    parent = psutil.Process(pid)
    return sum(process.memory_info().rss for process in (parent, *parent.children(recursive=True)))
