"""The outage matrix: one part down for a while during a run. Run it with `python -m chaos.outages`.

The processes have the settings they come with, so that the table says what a person sees.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chaos.audit.evidence import Outcome, outcome_of, read_journal
from chaos.show import table
from chaos.stage import FAST, TeamStage
from chaos.work import SMALL
from client.api import Client
from client.errors import ClientError
from client.wire import Run
from server.settings import Settings
from tests.support.waiting import wait_until

SECONDS = (0.0, 20.0, 60.0)
EPOCHS = 120
RUN_SECONDS = 300.0
PATIENT: dict[str, Any] = {
    name: Settings.model_fields[name].default for name in FAST if name.endswith("_seconds")
}
"""The times that a service has of itself."""

COLUMNS = (
    "down",
    "for s",
    "run",
    "attempts",
    "points lost",
    "files that differ",
    "writes meanwhile",
    "next write after s",
    "ready after s",
    "took s",
)


@dataclass(frozen=True, slots=True)
class Row:
    """What one outage did to one run."""

    part: str
    seconds: float
    status: str
    attempts: int
    lost: int
    """Points and distributions that are missing or not those of the undisturbed run."""
    other_files: int
    meanwhile: int
    """Writes of the run that were accepted while the part was down."""
    write_after: float | None
    """Seconds from the end of the outage to the run's next write; None when it had ended."""
    ready_after: float
    """Seconds from the end of the outage until the service said that all is well."""
    took: float

    @property
    def cells(self) -> Sequence[object]:
        """As a row of the table."""
        after = "-" if self.write_after is None else f"{self.write_after:.1f}"
        return (
            self.part,
            f"{self.seconds:g}",
            self.status,
            self.attempts,
            self.lost,
            self.other_files,
            self.meanwhile,
            after,
            f"{self.ready_after:.1f}",
            f"{self.took:.1f}",
        )


class Matrix:
    """Disturbs one run after another on a stage that is up."""

    def __init__(self, stage: TeamStage, *, epochs: int) -> None:
        self._stage = stage
        self._client = Client(stage.url)
        self._spec = {**SMALL, "epochs": epochs}
        self._parts: dict[str, tuple[Callable[[], None], Callable[[], None]]] = {
            "API": (lambda: stage.kill("server"), lambda: stage.revive("server")),
            "Redis": (stage.redis.stop, stage.redis.start),
            "Postgres": (stage.postgres.stop, stage.postgres.start),
        }
        self._undisturbed = self._train(lambda _: None)
        self._outcome = self._outcome_of(self._undisturbed[0])

    @property
    def took(self) -> float:
        """Seconds of the undisturbed run."""
        return self._undisturbed[1]

    def close(self) -> None:
        """End every connection."""
        self._client.close()

    def rows(self, seconds: Sequence[float]) -> list[Row]:
        """Each part down for each time."""
        return [self.row(part, length) for part in self._parts for length in seconds]

    def row(self, part: str, seconds: float) -> Row:
        """One part down for one time."""
        down, up = self._parts[part]
        begun = ended = ready = 0.0

        def disturb(run_id: str) -> None:
            nonlocal begun, ended, ready
            wait_until(lambda: self._epoch(run_id) >= self._spec["epochs"] // 6, "it trains", 60)
            down()
            begun = time.monotonic()
            time.sleep(seconds)
            ended = time.monotonic()
            up()
            wait_until(self._ready, f"ready again after {part} was down", RUN_SECONDS)
            ready = time.monotonic()

        run, took = self._train(disturb)
        outcome = self._outcome_of(run)
        writes = self._writes(run["id"])
        later = [moment for moment in writes if moment > ended]
        return Row(
            part,
            seconds,
            run["status"],
            run["attempt"],
            lost=_differences(outcome.metrics, self._outcome.metrics)
            + _differences(outcome.histograms, self._outcome.histograms),
            other_files=_differences(outcome.files, self._outcome.files),
            meanwhile=sum(begun < moment < ended for moment in writes),
            write_after=min(later) - ended if later else None,
            ready_after=ready - ended,
            took=took,
        )

    def _train(self, disturb: Callable[[str], None]) -> tuple[Run, float]:
        begun = time.monotonic()
        run_id = self._client.runs.create({"spec": self._spec})["id"]
        disturb(run_id)
        wait_until(lambda: self._status(run_id) in ("succeeded", "failed"), "it ends", RUN_SECONDS)
        return self._client.runs.get(run_id), time.monotonic() - begun

    def _outcome_of(self, run: Run) -> Outcome:
        return outcome_of(run["id"], self._stage.places)

    def _ready(self) -> bool:
        self._stage.tend()
        return self._stage.ready()

    def _status(self, run_id: str) -> str:
        self._stage.tend()
        try:
            return self._client.runs.get(run_id)["status"]
        except ClientError:
            return "unknown"

    def _epoch(self, run_id: str) -> int:
        progress = self._client.runs.get(run_id)["progress"]
        return progress["epoch"] if progress else 0

    def _writes(self, run_id: str) -> list[float]:
        return [
            float(line["done"])
            for line in read_journal(self._stage.places.journal)
            if (line["what"], line["run"]) == ("write", run_id)
        ]


def matrix(
    folder: Path, seconds: Sequence[float], *, epochs: int, **changes: Any
) -> tuple[float, list[Row]]:
    """How long the run takes undisturbed, and a row for each outage."""
    with TeamStage(folder, workers=1, **{**PATIENT, **changes}) as stage:
        made = Matrix(stage, epochs=epochs)
        try:
            return made.took, made.rows(seconds)
        finally:
            made.close()


def _differences(found: Mapping[Any, Any], wanted: Mapping[Any, Any]) -> int:
    return sum(found.get(name) != wanted.get(name) for name in found.keys() | wanted.keys())


def main() -> int:
    """0 when no outage cost a run, a point or a byte."""
    parser = argparse.ArgumentParser(prog="python -m chaos.outages", description=__doc__)
    parser.add_argument("--seconds", type=float, nargs="+", default=list(SECONDS))
    parser.add_argument("--epochs", type=int, default=EPOCHS, help="of the run")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    with tempfile.TemporaryDirectory(prefix="realspike-outages-") as name:
        took, rows = matrix(Path(name) / "stage", asked.seconds, epochs=asked.epochs)
    print(table(COLUMNS, [row.cells for row in rows]))
    print(f"undisturbed the run takes {took:.1f} s")
    return int(any(row.status != "succeeded" or row.lost or row.other_files for row in rows))


if __name__ == "__main__":
    sys.exit(main())
