"""With the fence off a worker that comes back writes over its successor: the auditor sees it."""

from __future__ import annotations

import signal
from pathlib import Path

import psutil

from chaos.audit.checks import fencing
from chaos.audit.evidence import Followed, Ledger, gather, read_journal
from chaos.audit.reading import Reader
from chaos.hooks import FENCING
from chaos.processes import family, send
from chaos.stage import Stage, TeamStage
from client.api import Client
from tests.support.waiting import wait_until

LONG = {"dataset": "digits", "width": 2, "train_samples": 512, "epochs": 5000}
OPEN_TRANSACTIONS = "SELECT pid FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'"


def writes(stage: Stage, attempt: int) -> int:
    """Writes of an attempt that were accepted."""
    return sum(
        (line["what"], line["attempt"]) == ("write", attempt)
        for line in read_journal(stage.places.journal)
    )


def freeze(stage: Stage) -> list[psutil.Process]:
    """Stop the worker that trains, at a moment when it has no transaction open."""
    frozen: list[psutil.Process] = []

    def stopped() -> bool:
        ((_, pid),) = stage.running()
        frozen[:] = family(pid)
        send(frozen, signal.SIGSTOP)
        if not Reader(stage.places.database_url).rows(OPEN_TRANSACTIONS):
            return True
        send(frozen, signal.SIGCONT)
        return False

    wait_until(stopped, "the worker is frozen outside a transaction")
    return frozen


def test_without_a_fence_the_auditor_reports_late_writes(tmp_path: Path) -> None:
    with (
        TeamStage(tmp_path / "stage", workers=2, broken=FENCING, lease_seconds=2) as stage,
        Client(stage.url) as client,
    ):
        client.runs.create({"spec": LONG})
        wait_until(lambda: writes(stage, 1) > 2, "the first attempt writes", 60)
        frozen = freeze(stage)
        wait_until(lambda: writes(stage, 2) > 2, "the second attempt writes", 60)
        before = writes(stage, 1)

        send(frozen, signal.SIGCONT)
        wait_until(lambda: writes(stage, 1) > before, "the first attempt writes again")

        evidence = gather(stage.places, Ledger("none", {}, {}), {}, Followed())
    violations = [words for words in fencing(evidence) if words]
    assert violations
    assert "wrote after attempt 2 began" in violations[0]
