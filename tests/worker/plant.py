"""A whole plant for tests: a database, a broker, and real worker and scheduler processes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from rscore.spec import RunSpec
from server.queue import RunQueue
from server.settings import Settings
from server.storage import artifacts, logs, runs, workers
from server.storage.database import Database
from server.storage.models import Artifact, Attempt, Histogram, Metric, Run
from server.storage.states import TERMINAL, RunStatus
from tests.support.environment import environment_of
from tests.support.waiting import wait_until

ENDED = tuple(TERMINAL)
SMALL: dict[str, Any] = {
    "train_samples": 384,
    "test_samples": 64,
    "width": 4,
    "certificate_samples": 16,
}
TIMINGS = {"epoch_seconds"}


class Process:
    """A process of the service under test; its output is in a file."""

    def __init__(self, command: list[str], settings: Settings, log: Path) -> None:
        self.log = log
        with log.open("wb") as output:
            self.popen = subprocess.Popen(
                [sys.executable, *command],
                env=environment_of(settings),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self.pid = self.popen.pid
        if hasattr(psutil.Process, "cpu_affinity"):
            # Networks this small train fastest on one core, and other work has the rest.
            psutil.Process(self.pid).cpu_affinity([max(os.sched_getaffinity(0))])

    def children(self) -> list[psutil.Process]:
        """The pool's children."""
        return psutil.Process(self.pid).children(recursive=True)

    def end(self) -> None:
        """Kill it with all its children."""
        if self.popen.poll() is None:
            for child in self.children():
                child.kill()
            self.popen.kill()
        self.popen.wait()


class Plant:
    """The service's stores with short leases; starts and ends its processes."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.settings = settings
        self.database = Database(settings.resolved_database_url)
        self.files = artifacts.ArtifactFiles(settings.resolved_artifacts_url)
        self.queue = RunQueue(settings)
        self._folder = folder
        self._processes: list[Process] = []

    def close(self) -> None:
        """End every process and connection."""
        for process in self._processes:
            process.end()
        self.queue.close()
        self.database.close()

    def start(self, *command: str) -> Process:
        """Start Python with these arguments."""
        log = self._folder / f"process-{len(self._processes)}.log"
        process = Process(list(command), self.settings, log)
        self._processes.append(process)
        return process

    def start_worker(self, code: str | None = None) -> Process:
        """Start a worker, or code that runs one, and wait until its row is there."""
        worker = self.start("-m", "worker") if code is None else self.start("-c", code)
        wait_until(
            lambda: self.worker_row(worker) is not None, f"worker registered, see {worker.log}", 120
        )
        return worker

    def worker_row(self, process: Process) -> tuple[str, str] | None:
        """Status and id of a worker process, or None before it registered."""
        with self.database.read() as session:
            for worker, _ in workers.list_workers(session):
                if worker.pid == process.pid:
                    seen = worker.seen_at
                    return workers.status_of(worker, seen, 60), worker.id
        return None

    def free_slots(self) -> int:
        """Runs that the workers alive could take on now."""
        with self.database.read() as session:
            return workers.free_slots(session, self.settings.lease_seconds)

    def submit(self, *, enqueue: int = 1, **fields: Any) -> str:
        """A queued run of a digits spec, with so many messages about it; its id."""
        return self.submit_spec(RunSpec(**{**SMALL, **fields}), enqueue=enqueue)

    def submit_spec(self, spec: RunSpec, *, enqueue: int = 1) -> str:
        """A queued run, with so many messages about it; its id."""
        with self.database.write() as session:
            run = runs.create_run(
                session,
                name="a test",
                experiment="tests",
                tags=[],
                priority=0,
                spec=spec.model_dump(mode="json"),
                spec_digest=spec.digest(),
            )
        for _ in range(enqueue):
            self.queue.enqueue_run(run.id)
        return run.id

    def cancel(self, run_id: str) -> None:
        """Ask for the end of a run."""
        with self.database.write() as session:
            runs.cancel_run(session, run_id)

    def attempt_in_hand(self, run_id: str) -> int:
        """The number of the attempt that owns the run, 0 when none does."""
        run = self.run(run_id)
        return run.attempt if run.status == RunStatus.RUNNING else 0

    def run(self, run_id: str) -> Run:
        """The run as it stands."""
        with self.database.read() as session:
            return runs.get_run(session, run_id)

    def attempts(self, run_id: str) -> list[Attempt]:
        """Its attempts, oldest first."""
        with self.database.read() as session:
            return runs.attempts_of(session, run_id)

    def artifacts(self, run_id: str) -> list[Artifact]:
        """Its artifacts, oldest first."""
        with self.database.read() as session:
            return artifacts.artifacts_of(session, run_id)

    def log(self, run_id: str) -> str:
        """Its log as one text."""
        with self.database.read() as session:
            return "\n".join(line.text for line in logs.tail(session, run_id, limit=1000))

    def points(self, run_id: str) -> dict[tuple[str, int], object]:
        """Its metrics and histograms by (name, step), measured times left out."""
        with self.database.read() as session:
            values = session.query(Metric).filter(Metric.run_id == run_id)
            bins = session.query(Histogram).filter(Histogram.run_id == run_id)
            return {
                (row.name, row.step): row.value for row in values if row.name not in TIMINGS
            } | {(row.name, row.step): (row.low, row.high, row.counts) for row in bins}

    def wait(self, run_id: str, *statuses: RunStatus, seconds: float = 120) -> Run:
        """The run, once it has one of the statuses."""
        wanted = statuses or ENDED

        def reached() -> bool:
            return self.run(run_id).status in wanted

        try:
            wait_until(reached, f"run {' or '.join(wanted)}", seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}; {self.story(run_id)}") from error
        return self.run(run_id)

    def wait_for_epoch(self, run_id: str, epoch: int) -> None:
        """Return once a checkpoint of so many epochs is stored and training goes on."""

        def reached() -> bool:
            run = self.run(run_id)
            assert run.status not in ENDED, self.story(run_id)
            known = self.artifacts(run_id)
            return bool(known) and (run.progress or {}).get("epoch", 0) >= epoch

        wait_until(reached, f"epoch {epoch}; {self.story(run_id)}", 120)

    def story(self, run_id: str) -> str:
        """What is known about a run and the processes, for the message of a failed test."""
        run = self.run(run_id)
        tried = [(item.number, item.outcome, item.resumed_step) for item in self.attempts(run_id)]
        said = "\n".join(process.log.read_text()[-2000:] for process in self._processes)
        return (
            f"run is {run.status} ({run.reason}: {run.detail}), attempts {tried}\n"
            f"{self.log(run_id)}\n{said}"
        )


@contextmanager
def make_plant(settings: Settings, folder: Path) -> Iterator[Plant]:
    """A plant that is closed at the end."""
    plant = Plant(settings, folder)
    try:
        yield plant
    finally:
        plant.close()
