"""A backup of a run in the middle: at the new place it goes on, and ends as the old one does."""

from __future__ import annotations

import secrets
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL

from server.backup.restoring import restore_backup
from server.backup.writing import write_backup
from server.settings import Settings
from server.storage.database import migrate
from server.storage.states import AttemptOutcome, RunStatus
from tests.support.services import fresh_database, shown
from tests.worker.conftest import SHORT
from tests.worker.plant import Plant, make_plant

LONGER: dict[str, Any] = {"epochs": 8, "batch_size": 8}


def weights_of(plant: Plant, run_id: str) -> str:
    (found,) = (item.sha256 for item in plant.artifacts(run_id) if item.kind == "weights")
    return found


def settings_at(folder: Path, **given: Any) -> Settings:
    folder.mkdir()
    prefix = f"realspike-test-{secrets.token_hex(6)}"
    return Settings(**{**SHORT, "home": folder / "home", "queue_prefix": prefix, **given})


@pytest.fixture
def stack() -> Any:
    with ExitStack() as stack:
        yield stack


def test_a_run_goes_on_at_another_place_on_another_database(
    stack: ExitStack, tmp_path: Path, postgres: URL
) -> None:
    here = settings_at(tmp_path / "here")
    migrate(here.resolved_database_url)
    old = stack.enter_context(make_plant(here, tmp_path / "here"))
    old.start_worker()
    run_id = old.submit(**LONGER)
    old.wait_for_epoch(run_id, 3)
    backup = tmp_path / "backup.tar"
    written = write_backup(old.database, old.files, backup, note=print)
    assert written.left_out == []

    database = stack.enter_context(fresh_database(postgres))
    there = settings_at(tmp_path / "there", database_url=shown(database))
    new = stack.enter_context(make_plant(there, tmp_path / "there"))
    restore_backup(new.database, new.files, backup, note=print)
    assert new.run(run_id).reason == "restored"
    new.start("-m", "worker.scheduler")
    new.start_worker()

    assert new.wait(run_id).status == RunStatus.SUCCEEDED, new.story(run_id)
    assert old.wait(run_id).status == RunStatus.SUCCEEDED, old.story(run_id)
    lost, last = new.attempts(run_id)
    assert (lost.outcome, lost.reason) == (AttemptOutcome.LOST, "restored")
    assert (last.outcome, last.resumed_step > 0) == (AttemptOutcome.SUCCEEDED, True)
    assert weights_of(new, run_id) == weights_of(old, run_id)
    assert new.points(run_id) == old.points(run_id)
