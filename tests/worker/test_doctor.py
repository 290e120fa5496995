"""The doctor's look at what this machine offers a training."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from worker import doctor


def found(tmp_path: Path, **changes: str) -> dict[str, dict[str, str]]:
    """What a process finds, by check."""
    done = subprocess.run(
        [sys.executable, "-m", "worker.doctor"],
        env={**os.environ, "REALSPIKE_HOME": str(tmp_path), **changes},
        capture_output=True,
        text=True,
        check=True,
    )
    return {one["check"]: one for one in json.loads(done.stdout)}


def test_a_machine_that_trains(tmp_path: Path) -> None:
    known = found(tmp_path)
    assert known["data sets"]["says"].startswith("here: digits")
    assert "mnist" in known["data sets"]["says"]
    assert known["device"]["status"] == "ok"
    assert known["kernels"]["status"] == "ok"


def test_kernels_that_are_switched_off(tmp_path: Path) -> None:
    known = found(tmp_path, REALSPIKE_KERNELS="off")
    assert known["kernels"]["status"] == "warning"
    assert "REALSPIKE_KERNELS" in known["kernels"]["way_out"]


@pytest.mark.skipif(doctor.count_gpus() > 0, reason="this machine has a GPU")
def test_a_gpu_that_is_asked_for_and_not_there(tmp_path: Path) -> None:
    known = found(tmp_path, REALSPIKE_DEVICE="cuda")
    assert known["device"]["status"] == "problem"
    assert "REALSPIKE_DEVICE=cpu" in known["device"]["way_out"]


def test_wrong_settings_are_left_to_the_doctor_of_the_server(tmp_path: Path) -> None:
    assert found(tmp_path, REALSPIKE_PORT="seventy") == {}
