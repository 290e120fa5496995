"""What this machine offers a training, found out without loading torch."""

from __future__ import annotations

import os
import platform
import shutil
import socket
import subprocess
import uuid
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from rscore.data import missing
from rscore.datasets import DATASETS


@dataclass(frozen=True, slots=True)
class Machine:
    """A worker process's place: names, and how its slots share the cores and GPUs."""

    worker_id: str
    host: str
    gpus: int
    slots: int
    device: str
    """The setting: auto, cpu, cuda or cuda:N."""

    @property
    def threads(self) -> int:
        """CPU threads of one training, so that all slots together use every core once.

        OMP_NUM_THREADS, where it is set, is the worker's share of a machine with several.
        """
        share = os.environ.get("OMP_NUM_THREADS", "")
        cores = min(usable_cores(), int(share)) if share.isdecimal() else usable_cores()
        return max(1, cores // self.slots)

    @property
    def devices(self) -> str:
        """What the slots train on, for a person."""
        if self.device_of(0) == "cpu":
            return "cpu"
        if self.device.startswith("cuda:") or self.gpus <= 1:
            return self.device_of(0)
        return f"cuda x{self.gpus}"

    def device_of(self, slot: int) -> str:
        """Torch's name of the device of a slot; slots go round the GPUs."""
        if self.device == "cpu" or self.device.startswith("cuda:"):
            return self.device
        if self.gpus:
            return f"cuda:{slot % self.gpus}"
        return "cpu" if self.device == "auto" else "cuda:0"


def this_machine(*, device: str, slots: int) -> Machine:
    """The machine under a fresh worker id; 0 slots is one per GPU it may use, or one."""
    gpus = 0 if device == "cpu" else count_gpus()
    host = socket.gethostname()
    spread = gpus if device in ("auto", "cuda") else 1
    return Machine(
        worker_id=f"{host[:40]}-{os.getpid()}-{uuid.uuid4().hex[:8]}",
        host=host,
        gpus=gpus,
        slots=slots or max(1, spread),
        device=device,
    )


def usable_cores() -> int:
    """CPU cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def count_gpus() -> int:
    """NVIDIA GPUs that torch may use here; 0 without the driver's tool or with a CPU build."""
    tool = shutil.which("nvidia-smi")
    if tool is None or versions()["torch"].endswith("+cpu"):
        return 0
    try:
        said = subprocess.run([tool, "-L"], capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return 0
    found = sum(line.startswith("GPU ") for line in said.stdout.splitlines())
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    if chosen is None:
        return found
    return min(found, len([part for part in chosen.split(",") if part.strip() not in ("", "-1")]))


def versions() -> dict[str, str]:
    """Versions that decide what a training computes."""
    found = {"python": platform.python_version()}
    for package in ("realspike", "torch", "celery"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


def datasets(data_dir: Path) -> dict[str, str]:
    """Data set name to "ready" or what is missing here."""
    return {name: missing(name, data_dir) or "ready" for name in DATASETS}
