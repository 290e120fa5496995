"""Runs chaos: `make chaos`, or `python -m chaos --mode embedded --seed 7 --runs 20`."""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from chaos.suite import MODES, Plan, run

FAULTS_A_RUN = 0.8


def main() -> int:
    """0 when the auditor found nothing; 1 after any violation."""
    asked = _arguments()
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    faults = round(asked.runs * FAULTS_A_RUN) if asked.faults is None else asked.faults
    plan = Plan(seed=asked.seed, runs=asked.runs, faults=faults, workers=asked.workers)
    folder = Path(tempfile.mkdtemp(prefix="realspike-chaos-"))
    log = folder / "faults.jsonl"
    print(f"chaos, {asked.mode}: seed {asked.seed}, {asked.runs} runs, up to {faults} faults")
    print(f"faults are logged in {log}", flush=True)
    with MODES[asked.mode](folder / "stage", workers=asked.workers) as stage:
        if not stage.disk.small:
            print("no tmpfs may be mounted here, so the disk is never full", flush=True)
        report = run(stage, plan, log=log, say=lambda line: print(line, flush=True))
        if report.violations or asked.keep:
            shutil.copytree(stage.places.logs, folder / "logs")
    print(f"\n{report.text()}")
    if report.violations or asked.keep:
        print(f"logs and journal are kept in {folder}")
    else:
        shutil.rmtree(folder)
    return 1 if report.violations else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m chaos", description=__doc__)
    parser.add_argument("--mode", choices=sorted(MODES), default="team")
    parser.add_argument("--seed", type=int, default=1, help="decides on all that chance decides")
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--faults", type=int, help=f"at most; {FAULTS_A_RUN} a run when left out")
    parser.add_argument("--keep", action="store_true", help="keep logs and journal in any case")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
