"""What chaos changes inside a process: a clock that is wrong, and nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from chaos import hooks
from chaos.processes import marked

SAY = """
import datetime, json, time
from datetime import UTC
made = datetime.datetime.fromisoformat("2026-01-01T00:00:00")
print(json.dumps({
    "time": time.time(),
    "nanoseconds": time.time_ns() / 1e9,
    "now": datetime.datetime.now(UTC).timestamp(),
    "utcnow": datetime.datetime.utcnow().replace(tzinfo=UTC).timestamp(),
    "monotonic": time.monotonic(),
    "is": isinstance(made, datetime.datetime) and not isinstance(3, datetime.datetime),
}))
"""


def say(clock: Path) -> dict[str, float]:
    env = marked("test", os.environ) | {hooks.CLOCK: str(clock)}
    done = subprocess.run([sys.executable, "-c", SAY], env=env, check=True, stdout=subprocess.PIPE)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def test_the_wall_clock_is_moved_and_no_other(tmp_path: Path) -> None:
    clock = tmp_path / "clock"
    right = say(clock)
    clock.write_text("-7200")
    wrong = say(clock)

    for name in ("time", "nanoseconds", "now", "utcnow"):
        assert -7200 <= wrong[name] - right[name] < -7000
    assert 0 < wrong["monotonic"] - right["monotonic"] < 200
    assert wrong["is"]
