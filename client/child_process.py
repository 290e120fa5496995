"""One process of the service: in a group of its own, its output kept in a log file."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

# On Linux a child asks the kernel to be stopped when whoever started it dies without a word.
_LAUNCHER = """
import ctypes, os, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, 15, 0, 0, 0)
    if os.getppid() != int(sys.argv[1]):
        sys.exit(1)
os.execv(sys.executable, [sys.executable, "-P", "-m", *sys.argv[2:]])
"""

_PROBLEM = re.compile(r"\b(warning|error|critical|fatal)\b", re.IGNORECASE)
_LEVEL = re.compile(r"\S+ \[(\w+) *\] ")
_PROBLEM_LEVELS = frozenset({"warning", "error", "critical"})
_SHOWN_FIELDS = ("run_id", "attempt", "exception")
_LEVEL_COLUMNS = 80
_LOG_BYTES = 8 * 1024 * 1024


class ChildProcess:
    """A Python module run as a process that can be started again.

    Every line it prints goes to `log_file` after the process's name, or as it is when it is JSON;
    lines that look like a problem are handed to `show` as well, readable in either format. The
    thread that calls `start` must outlive the process.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        env: Mapping[str, str],
        log_file: Path,
        show: Callable[[str], None],
    ) -> None:
        self.name = name
        self.log_file = log_file
        self.started_at = 0.0
        self._command = list(command)
        self._env = dict(env)
        self._show = show
        self._recent: deque[str] = deque(maxlen=20)
        self._process: subprocess.Popen[str] | None = None
        self._pump: threading.Thread | None = None

    @property
    def pid(self) -> int | None:
        """Process id, or None before the first start."""
        return self._process.pid if self._process else None

    @property
    def last_line(self) -> str:
        """The last line it printed, for a message about its end."""
        return next((line for line in reversed(self._recent) if line.strip()), "it said nothing")

    def start(self) -> None:
        """Start the process; raises OSError when the log or the process cannot be made."""
        if self.log_file.exists() and self.log_file.stat().st_size > _LOG_BYTES:
            self.log_file.replace(self.log_file.with_suffix(".log.1"))
        with self.log_file.open("a", encoding="utf-8"):
            pass
        self.started_at = time.monotonic()
        self._recent.clear()
        self._process = subprocess.Popen(
            [sys.executable, "-c", _LAUNCHER, str(os.getpid()), *self._command],
            env=self._env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            bufsize=1,
            start_new_session=True,
        )
        self._pump = threading.Thread(target=self._keep_output, args=(self._process,), daemon=True)
        self._pump.start()

    def exit_code(self) -> int | None:
        """How it ended, or None while it runs or before it was started."""
        return self._process.poll() if self._process else None

    def ask_to_stop(self) -> None:
        """Send SIGTERM to the process itself, which tells its own children."""
        if self._process and self._process.poll() is None:
            self._process.terminate()

    def wait_until(self, deadline: float) -> bool:
        """True when it has ended by `deadline` on the monotonic clock."""
        if self._process is None:
            return True
        try:
            self._process.wait(timeout=max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            return False
        return True

    def end_group(self) -> None:
        """SIGKILL whatever is left of its process group, and read its last words."""
        if self._process is None:
            return
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self.drain_output()

    def drain_output(self) -> None:
        """Wait a moment until the last lines of an ended process are in the log."""
        if self._pump is not None:
            self._pump.join(timeout=1.0)

    def _keep_output(self, process: subprocess.Popen[str]) -> None:
        output = process.stdout
        if output is None:
            return
        with output:
            for text in output:
                line = text.rstrip("\n")
                self._recent.append(line)
                record = _record(line)
                problem = _problem(line) if record is None else _told(record)
                if problem:
                    self._show(f"{self.name} | {problem}")
                self._append(line if record is not None else f"{_moment()} {self.name} | {line}")

    def _append(self, line: str) -> None:
        # A full disk must not stop the reading: the process would block on its own output.
        with suppress(OSError), self.log_file.open("a", encoding="utf-8") as log:
            log.write(f"{line}\n")


def _moment() -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S")


def _record(line: str) -> dict[str, Any] | None:
    """The log record that a line is in JSON, None for a line of text."""
    if not line.startswith("{"):
        return None
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) and "level" in record and "event" in record else None


def _problem(line: str) -> str | None:
    """A line of text, if its level says so or, without one, its beginning looks like a problem.

    A traceback's head says nothing to a person; what follows it is in the log.
    """
    if line.startswith("Traceback "):
        return None
    level = _LEVEL.match(line)
    if level:
        return line if level[1] in _PROBLEM_LEVELS else None
    return line if _PROBLEM.search(line[:_LEVEL_COLUMNS]) else None


def _told(record: dict[str, Any]) -> str | None:
    """A record in words, if it is about a problem."""
    if record["level"] not in _PROBLEM_LEVELS:
        return None
    known = [f"{name}={record[name]}" for name in _SHOWN_FIELDS if name in record]
    return " ".join([f"[{record['level']}] {record['event']}", *known])
