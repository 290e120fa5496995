from __future__ import annotations

from pathlib import Path

import pytest

from worker import machine
from worker.machine import Machine, this_machine


def make(*, device: str = "auto", gpus: int = 0, slots: int = 1) -> Machine:
    return Machine(worker_id="w", host="h", gpus=gpus, slots=slots, device=device)


@pytest.mark.parametrize(
    ("device", "gpus", "devices"),
    [
        ("auto", 0, ["cpu", "cpu", "cpu"]),
        ("auto", 2, ["cuda:0", "cuda:1", "cuda:0"]),
        ("cpu", 2, ["cpu", "cpu", "cpu"]),
        ("cuda", 2, ["cuda:0", "cuda:1", "cuda:0"]),
        ("cuda:1", 2, ["cuda:1", "cuda:1", "cuda:1"]),
        ("cuda", 0, ["cuda:0", "cuda:0", "cuda:0"]),
    ],
)
def test_slots_go_round_the_gpus(device: str, gpus: int, devices: list[str]) -> None:
    place = make(device=device, gpus=gpus, slots=3)

    assert [place.device_of(slot) for slot in range(3)] == devices


def test_slots_share_the_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(machine, "usable_cores", lambda: 8)

    assert make(slots=1).threads == 8
    assert make(slots=3).threads == 2
    assert make(slots=16).threads == 1

    monkeypatch.setenv("OMP_NUM_THREADS", "4")
    assert make(slots=2).threads == 2


@pytest.mark.parametrize(
    ("device", "slots", "made"), [("auto", 0, 4), ("auto", 2, 2), ("cuda:1", 0, 1), ("cpu", 0, 1)]
)
def test_no_slots_means_one_per_gpu(
    monkeypatch: pytest.MonkeyPatch, device: str, slots: int, made: int
) -> None:
    monkeypatch.setattr(machine, "count_gpus", lambda: 4)

    assert this_machine(device=device, slots=slots).slots == made


def test_two_workers_never_share_an_id() -> None:
    first, second = (this_machine(device="cpu", slots=1) for _ in range(2))

    assert first.worker_id != second.worker_id
    assert len(first.worker_id) <= 64


def test_gpus_are_counted_without_torch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\nprintf 'GPU 0: A\\nGPU 1: B\\n  MIG x\\n'\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(machine, "versions", lambda: {"torch": "2.13.0"})

    assert machine.count_gpus() == 2

    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    assert machine.count_gpus() == 1

    monkeypatch.setattr(machine, "versions", lambda: {"torch": "2.13.0+cpu"})
    assert machine.count_gpus() == 0


def test_data_sets_are_ready_or_say_what_is_missing(tmp_path: Path) -> None:
    found = machine.datasets(tmp_path)

    assert found["digits"] == "ready"
    assert "realspike data fetch mnist" in found["mnist"]
