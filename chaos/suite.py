"""One chaos run: the reference, then work and faults at once, then quiet, then the auditor."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chaos import show
from chaos.audit.checks import Finding, run_checks
from chaos.audit.evidence import Outcome, Places, gather, outcome_of, spec_key, stored_files
from chaos.audit.reading import Reader
from chaos.driver import Driver, FaultLog
from chaos.stage import EmbeddedStage, Stage, TeamStage
from chaos.work import REFERENCE, Follower, People, plan, specs
from client.api import Client

MODES: dict[str, type[Stage]] = {"team": TeamStage, "embedded": EmbeddedStage}

REFERENCE_SECONDS = 300.0
SWEEP_SECONDS = 60.0
EXCUSED = frozenset({"disk_full"})
"""An attempt may fail for these reasons: a fault made each."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done; the seed decides on everything that chance decides."""

    seed: int = 1
    runs: int = 100
    faults: int = 80
    workers: int = 3
    epochs: int = 30
    seeds: int = 2
    """Seeds of the distinct specs, each of which is trained once undisturbed."""
    gap: tuple[float, float] = (2.0, 8.0)
    """Least and most seconds between two faults."""
    settle_seconds: float = 300.0
    """How long what is left may take once the faults are over."""


@dataclass(frozen=True, slots=True)
class Report:
    """What came of a chaos run."""

    findings: Sequence[Finding]
    log: FaultLog
    cancelled: int
    retried: int
    attempts: int
    refused: int
    seconds: float

    @property
    def violations(self) -> int:
        """How much was not as promised."""
        return sum(len(finding.violations) for finding in self.findings)

    def text(self) -> str:
        """For a person."""
        return "\n".join(
            [
                show.faults(self.log),
                "",
                show.findings(self.findings),
                "",
                f"{self.attempts} attempts, {self.cancelled} cancelled and {self.retried} tried "
                f"again by people, {self.refused} late writes refused; "
                f"ended by themselves: {', '.join(self.log.ended) or 'nothing'}",
                f"{self.violations} violations in {self.seconds:.0f} s",
            ]
        )


def run(stage: Stage, wanted: Plan, *, log: Path, say: Callable[[str], None]) -> Report:
    """Work and faults on a stage that is up, and what the auditor found."""
    begun = time.monotonic()
    rng = random.Random(wanted.seed)
    reference = undisturbed(stage, specs(wanted.epochs, wanted.seeds))
    say(f"{len(reference)} specs trained undisturbed; {wanted.runs} runs and the faults begin")
    people = People(
        stage.url,
        plan(wanted.runs, epochs=wanted.epochs, seeds=wanted.seeds, rng=rng),
        random.Random(rng.random()),
    )
    follower = Follower(stage.url)
    faults = FaultLog(log)
    driver = Driver(stage, rng, faults, gap=wanted.gap)
    follower.start()
    people.start()
    try:
        driver.disturb(faults=wanted.faults, until=people.done.is_set)
        people.calm_down()
        say(f"{faults.kinds.total()} faults are over; what is left may end in peace")
        driver.watch(people.done.is_set, seconds=wanted.settle_seconds)
    finally:
        people.stop()
    driver.watch(lambda: is_swept(stage.places), seconds=SWEEP_SECONDS)
    ledger = people.book.ledger(EXCUSED)
    evidence = gather(stage.places, ledger, reference, follower.seen())
    stage.kill("server")
    follower.stop()
    return Report(
        findings=run_checks(evidence),
        log=faults,
        cancelled=people.book.cancelled,
        retried=people.book.retried,
        attempts=sum(len(tries) for tries in evidence.attempts.values()),
        refused=sum(line["what"] == "refused" for line in evidence.journal),
        seconds=time.monotonic() - begun,
    )


def undisturbed(stage: Stage, some: Sequence[dict[str, Any]]) -> dict[str, Outcome]:
    """Every spec trained once while nothing happens: what it leaves, by spec."""
    with Client(stage.url) as client:
        made = [client.runs.create({"experiment": REFERENCE, "spec": spec}) for spec in some]
        deadline = time.monotonic() + REFERENCE_SECONDS
        for run in made:
            while client.runs.get(run["id"])["status"] != "succeeded":
                if time.monotonic() > deadline:
                    raise TimeoutError(f"run {run['id']} did not succeed undisturbed")
                time.sleep(0.2)
    return {spec_key(run["spec"]): outcome_of(run["id"], stage.places) for run in made}


def is_swept(places: Places) -> bool:
    """True once every file in the store is recorded."""
    rows = Reader(places.database_url).rows("SELECT location FROM artifact")
    return stored_files(places.artifacts).keys() <= {row["location"] for row in rows}
