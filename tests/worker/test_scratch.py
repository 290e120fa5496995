from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from worker.scratch import attempt_folder, forget_process, scratch_folder, sweep

HOLD = """
from worker.scratch import scratch_folder
with scratch_folder() as folder:
    (folder / "large").write_bytes(b"checkpoint")
    print(folder, flush=True)
    input()
"""


def test_a_scratch_folder_ends_with_its_block() -> None:
    with scratch_folder() as folder:
        (folder / "file").write_text("x")

    assert not folder.exists()


def test_what_a_killed_child_left_goes_and_what_others_do_stays(tmp_path: Path) -> None:
    left = tmp_path / f"{os.getpid()}1-run_1-x"
    left.mkdir()
    (left / "large").write_bytes(b"checkpoint")

    with attempt_folder(tmp_path, "run_1") as mine:
        forget_process(tmp_path, int(f"{os.getpid()}1"))
        assert list(tmp_path.iterdir()) == [mine]
    assert list(tmp_path.iterdir()) == []


def test_only_the_folder_of_a_killed_worker_is_swept_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with subprocess.Popen(
        [sys.executable, "-c", HOLD],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        folder = Path(holder.stdout.readline().strip())

        sweep(tmp_path)
        assert (folder / "large").exists()

        holder.kill()
        holder.wait()
        with scratch_folder() as own:
            assert list(tmp_path.iterdir()) == [own]
