"""Processes that benchmarks measure from outside: wall time and peak memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

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
    python = PEERS / "bin" / "python"
    ready = PEERS / "installed"
    if ready.exists():
        return python
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    constrained = ["--constraint", str(ROOT / "constraints.txt")]
    try:
        subprocess.run([sys.executable, "-m", "venv", str(PEERS)], check=True)
        subprocess.run([*pip, *constrained, *PEER_PACKAGES], check=True)
        subprocess.run([*pip, "--no-deps", *PEER_LOOSE], check=True)
    except subprocess.CalledProcessError as error:
        print(f"peers cannot be installed, their rows stay empty: {error}", file=sys.stderr)
        return None
    ready.touch()
    return python


def tree_memory(pid: int) -> int:
    """Resident bytes of a process and all below it."""
    parent = psutil.Process(pid)
    return sum(process.memory_info().rss for process in (parent, *parent.children(recursive=True)))
