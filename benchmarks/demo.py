"""Wall time of `make demo` behind its installation: a first and a second one."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time

from benchmarks.processes import ROOT
from benchmarks.report import Report


def report() -> Report:
    """The demo table."""
    shutil.rmtree(ROOT / ".realspike" / "demo", ignore_errors=True)
    rows: list[list[str | float | None]] = []
    for name in ("first demo, empty home", "second demo, same home"):
        began = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "client.demo"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL
        )
        rows.append([name, time.perf_counter() - began])
    return Report("demo", "The demo", ["what", "seconds"], rows, ["12 trainings, folds, exports."])
