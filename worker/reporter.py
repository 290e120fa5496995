"""StorageReporter: what a training says, written to storage soon, under its attempt's lease."""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from rscore.reporting import Progress, StopReason
from server.errors import StaleAttemptError, StorageUnavailableError
from server.logs import carried
from server.storage import histograms, lifecycle, logs, metrics
from server.storage.database import Database
from worker.checkpoints import Checkpoints
from worker.lease import Lease
from worker.patience import patiently

logger = logging.getLogger(__name__)

FLUSH_SECONDS = 0.4
"""Longest time that something said stays in memory while the database answers."""
LINE_CHARACTERS = 4000


@dataclass(slots=True)
class _Said:
    """What was said since the last write, oldest first."""

    points: list[metrics.Point] = field(default_factory=list)
    bins: list[histograms.Bins] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    progress: dict[str, Any] | None = None

    def __bool__(self) -> bool:
        return bool(self.points or self.bins or self.lines or self.progress)

    def before(self, later: _Said) -> _Said:
        """This and what was said after it."""
        return _Said(
            self.points + later.points,
            self.bins + later.bins,
            self.lines + later.lines,
            later.progress or self.progress,
        )


class StorageReporter:
    """Reporter of one attempt; as a context manager it runs the thread that writes.

    Calls return at once: the thread writes what was said within half a second and tries again
    while the database is away. `flush` and `checkpoint` wait until everything is stored. An
    attempt that lost its run learns it from `stop_requested`, or from StaleAttemptError.
    """

    def __init__(
        self,
        database: Database,
        lease: Lease,
        checkpoints: Checkpoints,
        *,
        pulse: Callable[[], None] = lambda: None,
    ) -> None:
        self._database = database
        self._lease = lease
        self._checkpoints = checkpoints
        self._pulse = pulse
        self._said = _Said()
        self._saying = threading.Lock()
        self._writing = threading.Lock()
        self._closed = threading.Event()
        self._broken: Exception | None = None
        self._thread = threading.Thread(target=carried(self._work), name="reporter", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closed.set()
        self._thread.join()

    def log(self, message: str) -> None:
        """One line for a person; several when the message has several."""
        lines = [
            line.replace("\0", "\N{REPLACEMENT CHARACTER}")[:LINE_CHARACTERS]
            for line in message.splitlines()
        ]
        self._say(_Said(lines=lines))

    def metrics(self, *, step: int, epoch: int, values: Mapping[str, float]) -> None:
        """Values measured at an optimiser step; one that is not finite becomes a log line."""
        said = _Said()
        for name, value in values.items():
            if math.isfinite(value):
                said.points.append((name, step, epoch, float(value)))
            else:
                said.lines.append(f"{name} was {value} at step {step}; it is not kept")
        self._say(said)

    def histogram(
        self, *, step: int, epoch: int, name: str, low: float, high: float, counts: Sequence[int]
    ) -> None:
        """A distribution at an optimiser step; one without finite edges becomes a log line."""
        said = _Said()
        if math.isfinite(low) and math.isfinite(high) and low < high:
            said.bins.append(histograms.Bins(name, step, epoch, low, high, list(counts)))
        else:
            said.lines.append(f"{name} spanned {low} to {high} at step {step}; it is not kept")
        self._say(said)

    def progress(self, progress: Progress) -> None:
        """Where the training stands; only the newest is written."""
        document = {
            name: None if isinstance(value, float) and not math.isfinite(value) else value
            for name, value in asdict(progress).items()
        }
        self._say(_Said(progress=document))

    def checkpoint(self, path: Path, *, step: int, epoch: int) -> None:
        """Store a checkpoint; one that cannot be stored now is noted, and training goes on."""
        self.flush()
        try:
            self._checkpoints.store(path, step=step)
        except StorageUnavailableError as error:
            self._lease.require()
            self.log(
                f"the checkpoint of step {step} (epoch {epoch}) was not stored: {error}; "
                "training goes on without it"
            )

    def stop_requested(self) -> StopReason | None:
        """Why to stop now, or None to go on."""
        self._raise_if_broken()
        self._pulse()
        return self._lease.stop_reason()

    def flush(self) -> None:
        """Write everything said so far; raises StaleAttemptError when the run is not ours."""
        self._raise_if_broken()
        try:
            patiently(self._write, give_up=lambda: self._lease.lost)
        except StorageUnavailableError:
            self._lease.require()
            raise

    def _say(self, said: _Said) -> None:
        self._raise_if_broken()
        self._pulse()
        with self._saying:
            self._said = self._said.before(said)

    def _raise_if_broken(self) -> None:
        # Raised once: whoever then records the failure speaks through this reporter too.
        broken, self._broken = self._broken, None
        if broken is not None:
            raise broken

    def _write(self) -> None:
        with self._writing:
            with self._saying:
                said, self._said = self._said, _Said()
            if not said:
                return
            try:
                self._store(said)
            except StaleAttemptError:
                self._lease.lose()
                raise
            except StorageUnavailableError:
                with self._saying:
                    self._said = said.before(self._said)
                raise

    def _store(self, said: _Said) -> None:
        run_id, attempt = self._lease.run_id, self._lease.attempt
        with self._database.write() as session:
            if said.points:
                metrics.write_metrics(session, run_id, said.points, attempt=attempt)
            if said.bins:
                histograms.write_histograms(session, run_id, said.bins, attempt=attempt)
            if said.progress:
                lifecycle.save_progress(session, run_id, attempt, said.progress)
            if said.lines:
                logs.append(session, run_id, attempt, said.lines)

    def _work(self) -> None:
        away = False
        while not self._closed.wait(FLUSH_SECONDS):
            try:
                self._write()
                away = False
            except StaleAttemptError:
                return
            except StorageUnavailableError as error:
                if not away:
                    logger.warning("run %s: %s", self._lease.run_id, error)
                away = True
            except Exception as error:  # noqa: BLE001 - the thread's edge: the training must learn
                self._broken = error
                return
