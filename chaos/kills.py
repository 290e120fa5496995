"""One run whose worker is killed again and again: `python -m chaos.kills RUNFILE`, a preset, say.

The same specification is trained undisturbed first. At the end both runs must have the same
metrics, and weights and folded files of the same bytes.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from rscore.runfile import read_run_file
from rscore.spec import RunSpec
from server.settings import Settings
from server.storage.database import migrate
from server.storage.states import AttemptOutcome, RunStatus
from tests.support.waiting import wait_until
from tests.worker.plant import ENDED, Plant, Process, make_plant

OTHER = "certificate"
"""Kind of the one file that says when it was made; all others must be the same bytes."""
TARGETS = ("child", "parent", "both")
AT_ONCE = 0.25
"""Chance that a kill comes as soon as an attempt has the run, before it trains."""
START_SECONDS = 300.0
SETTINGS: dict[str, Any] = {
    "lease_seconds": 10,
    "heartbeat_seconds": 0.5,
    "scheduler_seconds": 0.2,
    "wake_again_seconds": 2,
    "retry_backoff_seconds": 0,
    "max_lost_attempts": 100,
    "quarantine_after": 0,
    "checkpoint_seconds": 2,
    "device": "cpu",
    "worker_slots": 1,
    "log_level": "info",
}
"""Short times; a run that loses every attempt before its first checkpoint is not given up."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Report:
    """What became of the run that was disturbed, and of its undisturbed twin."""

    kills: int
    """Kills that ended a running attempt."""
    attempts: list[str]
    """How each attempt ended."""
    files: dict[str, tuple[str, str]]
    """Kind of file to its SHA-256, undisturbed and disturbed."""
    metrics: int
    """Values measured, histograms too."""
    other_metrics: int
    """Values that are not the same in both."""

    @property
    def same(self) -> bool:
        """Whether nothing was lost."""
        equal = all(one == other for one, other in self.files.values())
        return equal and {"weights", "folded"} <= set(self.files) and not self.other_metrics

    def text(self) -> str:
        """For a person."""
        lines = [f"{self.kills} kills hit a running attempt; attempts: {', '.join(self.attempts)}"]
        for kind, (one, other) in self.files.items():
            lines.append(f"{kind:8} {one} {'=' if one == other else '!='} {other}")
        lines.append(f"{self.metrics} metrics and histograms, {self.other_metrics} differ")
        return "\n".join(lines)


class Killer:
    """Kills the worker of one run at moments that a seeded generator draws."""

    def __init__(self, plant: Plant, rng: random.Random, say: Say) -> None:
        self._plant = plant
        self._rng = rng
        self._say = say
        self._worker: Process = plant.start_worker()
        self._killed: list[int] = []

    def kill_during(self, run_id: str, kills: int, *, steps: int) -> int:
        """Kill its worker so many times before the run ends; how many hit a running attempt."""
        # The last one comes when training is over and the model is made.
        moments = [*sorted(self._rng.choices(range(steps), k=kills - 1)), None]
        for moment in moments:
            at_once = moment is not None and self._rng.random() < AT_ONCE
            if not self._wait_for(run_id, 0 if at_once else moment):
                break
            self._kill(run_id, moment)
        self._plant.wait(run_id, seconds=START_SECONDS)
        lost = {AttemptOutcome.LOST, AttemptOutcome.DRAINED}
        ends = {item.number: item.outcome for item in self._plant.attempts(run_id)}
        return sum(ends[number] in lost for number in self._killed)

    def _wait_for(self, run_id: str, step: int | None) -> bool:
        """True once a new attempt has come so far, or folds; False when the run has ended."""

        def due() -> bool:
            run = self._plant.run(run_id)
            if run.status in ENDED:
                return True
            if run.status != RunStatus.RUNNING or run.attempt in self._killed:
                return False
            if step is None:
                return self._is_folding(run_id, run.attempt)
            return step == 0 or (run.progress or {}).get("step", 0) >= step

        wait_until(due, f"attempt after {self._killed}; {self._plant.story(run_id)}", START_SECONDS)
        return self._plant.run(run_id).status not in ENDED

    def _is_folding(self, run_id: str, attempt: int) -> bool:
        said = self._plant.log(run_id)
        return said.rfind("trained; folding") > said.rfind(f"attempt {attempt} on ")

    def _kill(self, run_id: str, moment: int | None) -> None:
        # A child whose parent alone is killed while it folds would finish the model.
        target = self._rng.choice(
            [name for name in TARGETS if moment is not None or name != "parent"]
        )
        attempt = self._plant.attempt_in_hand(run_id)
        doomed = self._worker.children() if target != "parent" else []
        if target != "child":
            doomed.append(psutil.Process(self._worker.pid))
        for process in doomed:
            process.kill()
        self._killed.append(attempt)
        when = "folding" if moment is None else f"step {moment}"
        self._say(f"killed {target} of attempt {attempt} at {when}")
        if target != "child":
            self._worker.popen.wait()
            self._worker = self._plant.start_worker()


def disturb(plant: Plant, spec: RunSpec, *, kills: int, rng: random.Random, say: Say) -> Report:
    """Train a specification twice, the second time under fire."""
    plant.start("-m", "worker.scheduler")
    killer = Killer(plant, rng, say)
    calm = plant.submit_spec(spec)
    say("training undisturbed")
    run = plant.wait(calm, seconds=3600)
    if run.status != RunStatus.SUCCEEDED or run.progress is None:
        raise RuntimeError(plant.story(calm))
    disturbed = plant.submit_spec(spec)
    hit = killer.kill_during(disturbed, kills, steps=int(run.progress["steps"]))
    points = plant.points(calm), plant.points(disturbed)
    return Report(
        kills=hit,
        attempts=[str(item.outcome) for item in plant.attempts(disturbed)],
        files=_hashes(plant, calm, disturbed),
        metrics=len(points[0]),
        other_metrics=len(points[0].items() ^ points[1].items()),
    )


def _hashes(plant: Plant, calm: str, disturbed: str) -> dict[str, tuple[str, str]]:
    known = [
        {item.kind: item.sha256 for item in plant.artifacts(run_id)} for run_id in (calm, disturbed)
    ]
    return {
        kind: (sha256, known[1].get(kind, "missing"))
        for kind, sha256 in known[0].items()
        if kind != OTHER
    }


@contextmanager
def own_plant(data_dir: Path | None) -> Iterator[Plant]:
    """An embedded service in a folder of its own."""
    folder = Path(tempfile.mkdtemp(prefix="realspike-kills-"))
    settings = Settings(
        **SETTINGS,
        home=folder / "home",
        database_url=f"sqlite:///{folder / 'realspike.db'}",
        data_dir=data_dir,
    )
    migrate(settings.resolved_database_url)
    try:
        with make_plant(settings, folder) as plant:
            yield plant
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main() -> int:
    """0 when nothing was lost."""
    parser = argparse.ArgumentParser(prog="python -m chaos.kills", description=__doc__)
    parser.add_argument("run", type=Path, help="run file, such as presets/fashion-mnist.yaml")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1, help="decides on all that chance decides")
    parser.add_argument("--data-dir", type=Path, help="folder with one sub-folder per data set")
    asked = parser.parse_args()
    spec = read_run_file(asked.run).spec
    with own_plant(asked.data_dir) as plant:
        report = disturb(
            plant,
            spec,
            kills=asked.kills,
            rng=random.Random(asked.seed),
            say=lambda line: print(line, flush=True),
        )
    print(report.text())
    return 0 if report.same else 1


if __name__ == "__main__":
    sys.exit(main())
