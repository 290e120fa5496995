"""Processes of the service that chaos starts, kills, freezes and starts again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent
HOOKS = Path(__file__).with_name("site")
MARK = "CHAOS_STAGE"
"""Environment variable by which every process of a stage, and whatever it started, is found."""


class Process:
    """A Python program that can be started again; its output is appended to one file."""

    def __init__(
        self, name: str, command: Sequence[str], *, env: Mapping[str, str], log: Path
    ) -> None:
        self.name = name
        self.log = log
        self.starts = 0
        self._command = [sys.executable, *command]
        self._env = dict(env)
        self._popen: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        alive = self._popen is not None and self._popen.poll() is None
        return self._popen.pid if alive and self._popen else None

    @property
    def exit_code(self) -> int | None:
        """How it ended, or None while it runs or before it was started."""
        return self._popen.poll() if self._popen else None

    def start(self) -> None:
        """Start it, unless it runs."""
        if self.pid is not None:
            return
        self.starts += 1
        with self.log.open("ab") as output:
            self._popen = subprocess.Popen(
                self._command,
                cwd=ROOT,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def close(self) -> None:
        """Wait for its end, which somebody else has seen to."""
        if self._popen is not None:
            self._popen.wait()


def family(pid: int | None) -> list[psutil.Process]:
    """A process and everything below it, itself first; empty when it is gone."""
    if pid is None:
        return []
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    return []


def send(processes: Sequence[psutil.Process], number: signal.Signals) -> None:
    """A signal to each that is still there."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)


def end_marked(mark: str) -> None:
    """Kill whatever carries a stage's mark, orphans included, and wait until all are gone."""
    found = [process for process in psutil.process_iter() if _mark_of(process) == mark]
    send(found, signal.SIGKILL)
    psutil.wait_procs(found, timeout=10)


def marked(mark: str, others: Mapping[str, str]) -> dict[str, str]:
    """An environment with a stage's mark and chaos's own hooks on its path."""
    path = os.pathsep.join([str(HOOKS), str(ROOT)])
    return {**others, MARK: mark, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"}


def _mark_of(process: psutil.Process) -> str | None:
    with suppress(psutil.Error, OSError):
        if process.pid != os.getpid():
            return process.environ().get(MARK)
    return None
