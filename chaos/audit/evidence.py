"""Everything that the auditor judges by, gathered once at the end."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chaos.audit.reading import Reader, Row

Point = tuple[str, int]
"""Name and step of a metric or of a histogram."""

TIMINGS = frozenset({"epoch_seconds"})
"""Metrics that a clock decides."""
SCRATCH = "realspike-worker-*"
LOCK = "owner.lock"

TABLES: Mapping[str, str] = {
    "runs": "SELECT id, name, experiment, study_id, spec, status, reason, attempt, worker_id, "
    "lease_expires_at, summary FROM run ORDER BY id",
    "attempts": "SELECT run_id, number, outcome, reason, started_at, finished_at, resumed_step "
    "FROM attempt ORDER BY run_id, number",
    "artifacts": "SELECT id, run_id, attempt, kind, location, size, sha256, step FROM artifact "
    "ORDER BY id",
    "models": "SELECT id, run_id, verdict FROM folded_model ORDER BY id",
    "studies": "SELECT id, name FROM study ORDER BY id",
    "events": "SELECT id, kind, run_id, data, created_at FROM event ORDER BY id",
    "metrics": "SELECT run_id, name, step, epoch, value FROM metric ORDER BY run_id, name, step",
    "histograms": "SELECT run_id, name, step, epoch, low, high, counts FROM histogram "
    "ORDER BY run_id, name, step",
}


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of the store as it lies there."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What people asked of one run, and which ends that allows."""

    name: str
    ends: frozenset[str]


@dataclass(frozen=True, slots=True)
class Ledger:
    """What was submitted and answered, as the client's side knows it."""

    experiment: str
    runs: Mapping[str, Asked]
    """By run id."""
    studies: Mapping[str, int]
    """Runs of each study, by its id."""
    unanswered: tuple[str, ...] = ()
    """What was to be submitted and never got an answer."""
    mistakes: tuple[str, ...] = ()
    """Answers that the service should never give."""
    excused: frozenset[str] = frozenset()
    """Reasons for which an attempt may have failed, because a fault causes them."""


@dataclass(frozen=True, slots=True)
class Followed:
    """Events that a reader of the live stream was told, in the order in which they came."""

    since: int | None = None
    """The position from which it followed; None for nobody."""
    ids: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an undisturbed run of a spec leaves behind, apart from times."""

    metrics: Mapping[Point, Any]
    histograms: Mapping[Point, Any]
    files: Mapping[str, str]
    """SHA-256 by kind."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Tables, files, journal and logs at the end of a chaos run."""

    runs: list[Row]
    attempts: Mapping[str, list[Row]]
    artifacts: list[Row]
    models: list[Row]
    studies: list[Row]
    events: list[Row]
    metrics: Mapping[str, Mapping[Point, Row]]
    histograms: Mapping[str, Mapping[Point, Row]]
    files: Mapping[str, StoredFile]
    """Files in the store, by location."""
    scratch: list[str]
    """What lies in workers' temporary folders, locks left out."""
    journal: list[Row]
    logs: Mapping[str, str]
    ledger: Ledger
    reference: Mapping[str, Outcome]
    """Outcome of every spec, by `spec_key`."""
    followed: Followed

    @property
    def ours(self) -> list[Row]:
        """The runs of the faults' time."""
        return [run for run in self.runs if run["experiment"] == self.ledger.experiment]


@dataclass(frozen=True, slots=True)
class Places:
    """Where the evidence lies."""

    database_url: str
    artifacts: Path
    journal: Path
    scratch: Path
    logs: Path


def spec_key(spec: Mapping[str, Any]) -> str:
    """The same text for the same spec."""
    return json.dumps(spec, sort_keys=True)


def gather(
    places: Places, ledger: Ledger, reference: Mapping[str, Outcome], followed: Followed
) -> Evidence:
    """All evidence; nothing may be running any more."""
    reader = Reader(places.database_url)
    tables = {name: reader.rows(statement) for name, statement in TABLES.items()}
    return Evidence(
        runs=tables["runs"],
        attempts=_grouped(tables["attempts"]),
        artifacts=tables["artifacts"],
        models=tables["models"],
        studies=tables["studies"],
        events=tables["events"],
        metrics=_points(tables["metrics"]),
        histograms=_points(tables["histograms"]),
        files=stored_files(places.artifacts),
        scratch=_scratch(places.scratch),
        journal=read_journal(places.journal),
        logs={path.name: path.read_text(errors="replace") for path in places.logs.glob("*.log*")},
        ledger=ledger,
        reference=reference,
        followed=followed,
    )


def outcome_of(run_id: str, places: Places) -> Outcome:
    """What a run left behind."""
    reader = Reader(places.database_url)
    metrics, histograms = (_points(reader.rows(TABLES[name])) for name in ("metrics", "histograms"))
    artifacts = [row for row in reader.rows(TABLES["artifacts"]) if row["run_id"] == run_id]
    return Outcome(
        metrics=values_of(metrics.get(run_id, {})),
        histograms=values_of(histograms.get(run_id, {})),
        files={row["kind"]: row["sha256"] for row in artifacts},
    )


def values_of(points: Mapping[Point, Row]) -> dict[Point, Any]:
    """What was measured at each point, without what a clock decides."""
    known = ("epoch", "value", "low", "high", "counts")
    return {
        point: tuple(row[name] for name in known if name in row)
        for point, row in points.items()
        if point[0] not in TIMINGS
    }


def stored_files(folder: Path) -> dict[str, StoredFile]:
    """Every file below the store's folder, by location."""
    found: dict[str, StoredFile] = {}
    for path in folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            digest = hashlib.sha256(content).hexdigest()
            found[str(path.relative_to(folder))] = StoredFile(len(content), digest)
    return found


def read_journal(folder: Path) -> list[Row]:
    """Lines of every process, in the order in which they were done."""
    lines: list[Row] = [
        json.loads(line)
        for path in sorted(folder.glob("*.jsonl"))
        for line in path.read_text().splitlines()
    ]
    return sorted(lines, key=lambda line: float(line["done"]))


def _scratch(folder: Path) -> list[str]:
    return sorted(
        str(path.relative_to(folder))
        for owned in folder.glob(SCRATCH)
        for path in owned.rglob("*")
        if path.name != LOCK
    )


def _grouped(rows: Iterable[Row]) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row["run_id"]].append(row)
    return dict(groups)


def _points(rows: Iterable[Row]) -> dict[str, dict[Point, Row]]:
    points: dict[str, dict[Point, Row]] = defaultdict(dict)
    for row in rows:
        points[row["run_id"]][row["name"], row["step"]] = row
    return dict(points)
