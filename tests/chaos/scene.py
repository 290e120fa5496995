"""A small database with files and a journal in which all is well, for an auditor to look at."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

from chaos.audit.checks import run_checks
from chaos.audit.evidence import (
    Asked,
    Followed,
    Ledger,
    Outcome,
    Places,
    gather,
    outcome_of,
    spec_key,
)
from server.storage import artifacts, folded_models, histograms, lifecycle, metrics, runs, studies
from server.storage.artifacts import ArtifactFiles
from server.storage.database import Database
from tests.support.runs import claim_run, make_run

SPEC = {"dataset": "digits", "seed": 0}
EPOCHS = 3
STEPS_AN_EPOCH = 10
FILES = {"weights": "weights.safetensors", "folded": "folded.safetensors"}
DATABASE = "realspike.db"
EITHER = frozenset({"succeeded", "cancelled"})


class Scene:
    """Four runs of one spec: the reference, one resumed, one cancelled, one of a study."""

    def __init__(self, folder: Path) -> None:
        self._enter(folder)
        for place in ("artifacts", "journal", "tmp", "logs"):
            (folder / place).mkdir()
        (self.places.logs / "worker.log").write_text("all is well\n")
        self._moment = 0.0
        reference = self._submit("first", experiment="undisturbed")
        self.succeed(reference, self.claim(reference))
        self.resumed = self._submit("resumed")
        self._lose(self.resumed, self.claim(self.resumed))
        self.succeed(self.resumed, self.claim(self.resumed), after=1)
        self.cancelled = self._submit("cancelled")
        self._cancel(self.cancelled, self.claim(self.cancelled))
        self.study = self._make_study()
        self.of_study = self._submit("of study", study_id=self.study)
        self.succeed(self.of_study, self.claim(self.of_study))
        self.reference: dict[str, Outcome] = {spec_key(SPEC): outcome_of(reference, self.places)}
        self.ledger = Ledger(
            experiment="chaos",
            runs={
                self.resumed: Asked("resumed", frozenset({"succeeded"})),
                self.cancelled: Asked("cancelled", EITHER),
                self.of_study: Asked("", frozenset({"succeeded"})),
            },
            studies={self.study: 1},
        )
        first, *later = [row[0] for row in self.rows("SELECT id FROM event ORDER BY id")]
        self.followed = Followed(since=first, ids=later)
        self.database.close()

    def _enter(self, folder: Path) -> None:
        url = f"sqlite:///{folder / DATABASE}"
        self.database = Database(url)
        self.places = Places(
            database_url=url,
            artifacts=folder / "artifacts",
            journal=folder / "journal",
            scratch=folder / "tmp",
            logs=folder / "logs",
        )
        self._folder = folder
        self._files = ArtifactFiles(str(self.places.artifacts))

    def copied(self, folder: Path) -> Scene:
        """The same in another folder, to be spoilt."""
        shutil.copytree(self._folder, folder)
        other = copy(self)
        other._enter(folder)
        other.followed = Followed(self.followed.since, list(self.followed.ids))
        return other

    def audit(self) -> dict[str, list[str]]:
        """Violations by check, those without any left out."""
        evidence = gather(self.places, self.ledger, self.reference, self.followed)
        return {item.check: item.violations for item in run_checks(evidence) if item.violations}

    def sql(self, statement: str, *values: Any) -> None:
        """Change the database behind everybody's back."""
        with closing(self._connection()) as connection, connection:
            connection.execute(statement, values)

    def rows(self, statement: str) -> list[Any]:
        """What a SELECT finds."""
        with closing(self._connection()) as connection:
            return connection.execute(statement).fetchall()

    def stored(self, run_id: str, name: str) -> Path:
        """A stored file of a run."""
        return next((self.places.artifacts / run_id).rglob(name))

    def journal(self, what: str, run_id: str, attempt: int, *, asked: float | None = None) -> None:
        """A line of what was done, now or from `asked` on."""
        self._moment += 1
        line = {"what": what, "run": run_id, "attempt": attempt, "done": self._moment}
        line["asked"] = self._moment - 0.5 if asked is None else asked
        with (self.places.journal / "1.jsonl").open("a") as file:
            file.write(json.dumps(line) + "\n")

    def change_journal(self, change: Callable[[list[str]], list[str]]) -> None:
        """Another journal."""
        path = self.places.journal / "1.jsonl"
        path.write_text("\n".join(change(path.read_text().splitlines())) + "\n")

    def change_ledger(self, **changes: Any) -> None:
        """Another memory of what was submitted."""
        self.ledger = replace(self.ledger, **changes)

    def _connection(self) -> sqlite3.Connection:
        return sqlite3.connect(str(self.database.engine.url.database))

    def _submit(self, name: str, **changes: Any) -> str:
        given = {"name": name, "experiment": "chaos", "spec": SPEC, **changes}
        return make_run(self.database, **given)

    def claim(self, run_id: str) -> int:
        """The number of a new attempt."""
        attempt = claim_run(self.database, run_id)
        self.journal("claim", run_id, attempt)
        return attempt

    def _train(self, run_id: str, attempt: int, *, after: int, until: int) -> None:
        with self.database.write() as session:
            lifecycle.set_resumed(session, run_id, attempt, after * STEPS_AN_EPOCH)
            for epoch in range(after + 1, until + 1):
                step = epoch * STEPS_AN_EPOCH
                points = [("test_acc", step, epoch, epoch / 7), ("epoch_seconds", step, epoch, 0.1)]
                metrics.write_metrics(session, run_id, points, attempt=attempt)
                bins = histograms.Bins("amplitude/1", step, epoch, 0.0, 1.0, [epoch, 2])
                histograms.write_histograms(session, run_id, [bins], attempt=attempt)
        self.journal("write", run_id, attempt)

    def store(self, run_id: str, attempt: int, kind: str, name: str, content: str) -> None:
        """A file with its row; what it says does not depend on the run."""
        local = self._folder / name
        local.write_text(content)
        stored = self._files.put(local, f"{run_id}/attempt-{attempt}/{name}")
        local.unlink()
        with self.database.write() as session:
            artifacts.record_artifact(
                session,
                run_id,
                attempt,
                kind=kind,
                name=name,
                media_type="application/octet-stream",
                stored=stored,
                step=STEPS_AN_EPOCH if kind == "checkpoint" else None,
            )

    def _lose(self, run_id: str, attempt: int) -> None:
        self._train(run_id, attempt, after=0, until=2)
        with self.database.write() as session:
            lifecycle.hand_back(session, run_id, attempt, reason="drained")

    def _cancel(self, run_id: str, attempt: int) -> None:
        self._train(run_id, attempt, after=0, until=1)
        self.store(run_id, attempt, "checkpoint", "checkpoint-10", "as far as it came")
        with self.database.write() as session:
            runs.cancel_run(session, run_id)
            lifecycle.end_cancelled(session, run_id, attempt)

    def succeed(self, run_id: str, attempt: int, *, after: int = 0) -> None:
        """Train to the end and leave files and a model."""
        self._train(run_id, attempt, after=after, until=EPOCHS)
        for kind, name in FILES.items():
            self.store(run_id, attempt, kind, name, f"the {kind} of the spec")
        with self.database.write() as session:
            folded_models.register(
                session, run_id, attempt, name="m", verdict="exact", certificate={}, test_acc=0.5
            )
            lifecycle.succeed(session, run_id, attempt)

    def _make_study(self) -> str:
        with self.database.write() as session:
            return studies.create_study(
                session,
                name="study",
                experiment="chaos",
                document={},
                factors=[],
                metric="test_acc",
                goal="maximize",
            ).id
