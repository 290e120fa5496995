from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.settings import Settings
from server.storage import lifecycle
from server.storage.artifacts import ArtifactFiles
from server.storage.database import Database
from tests.conftest import SettingsFactory
from tests.support.runs import claim_run, make_run
from tests.support.waiting import wait_until
from worker.scheduler import Scheduler, run_scheduler
from worker.sweeping import Sweeping


@pytest.fixture
def own(settings: SettingsFactory) -> Settings:
    return settings("embedded", sweep_seconds=0, lease_seconds=60)


@pytest.fixture
def db(own: Settings) -> Iterator[Database]:
    database = Database(own.resolved_database_url)
    yield database
    database.close()


@pytest.fixture
def orphan(own: Settings, db: Database, tmp_path: Path) -> Path:
    """A file that an attempt that has ended left behind unrecorded."""
    run_id = make_run(db)
    claim_run(db, run_id)
    source = tmp_path / "source"
    source.write_bytes(b"weights")
    ArtifactFiles(own.resolved_artifacts_url).put(source, f"{run_id}/attempt-1/weights")
    with db.write() as session:
        lifecycle.hand_back(session, run_id, 1, reason="drained")
    path = Path(own.resolved_artifacts_url) / run_id / "attempt-1" / "weights"
    assert path.exists()
    return path


def test_a_scheduler_sweeps_by_itself(own: Settings, orphan: Path) -> None:
    stop = threading.Event()
    loop = threading.Thread(target=run_scheduler, args=(Scheduler(own), 0.01, stop))
    loop.start()

    wait_until(lambda: not orphan.exists(), "the file is gone")

    stop.set()
    loop.join(timeout=10)
    assert not loop.is_alive()


def test_it_does_not_look_all_the_time(own: Settings, db: Database, orphan: Path) -> None:
    sweeping = Sweeping(own, db)
    sweeping.step()
    assert not orphan.exists()
    orphan.write_bytes(b"late")

    sweeping.step()

    assert orphan.exists()


def test_files_of_runs_that_are_not_known_are_said(
    own: Settings, db: Database, orphan: Path, caplog: pytest.LogCaptureFixture
) -> None:
    stranger = Path(own.resolved_artifacts_url) / "run_0stranger" / "attempt-1" / "weights"
    stranger.parent.mkdir(parents=True)
    stranger.write_bytes(b"theirs")

    with caplog.at_level(logging.WARNING):
        Sweeping(own, db).step()

    assert "files of 1 runs that this database does not know (run_0stranger" in caplog.text
    assert stranger.exists()


def test_a_store_that_is_away_is_said_and_tried_again(
    settings: SettingsFactory, db: Database, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    nowhere = settings("embedded", artifacts_url=str(tmp_path / "file" / "artifacts"))

    with caplog.at_level(logging.WARNING):
        Sweeping(nowhere, db).step()

    assert "cannot sweep what attempts left behind" in caplog.text
