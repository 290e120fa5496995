"""The doctor's look at settings, stores and work, at real ones that are well and that are not."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path

import pytest
from sqlalchemy import update

from server.doctor import stores, surroundings, work
from server.doctor.__main__ import diagnose
from server.findings import Finding, Status, examine, ok
from server.queue import RunQueue
from server.settings import Settings
from server.storage import heartbeats, lifecycle, studies
from server.storage.artifact_files import ArtifactFiles
from server.storage.artifacts import record_artifact
from server.storage.clock import now
from server.storage.database import Database
from server.storage.models import Attempt, Heartbeat, Run, Worker
from server.storage.states import ArtifactKind
from tests.conftest import SettingsFactory
from tests.support.environment import environment_of
from tests.support.runs import claim_run, make_run
from tests.support.workers import register_worker


@pytest.fixture(params=["embedded", "team"])
def own(request: pytest.FixtureRequest, settings: SettingsFactory) -> Settings:
    return settings(request.param)


@pytest.fixture
def db(own: Settings) -> Iterator[Database]:
    database = Database(own.resolved_database_url)
    yield database
    database.close()


def bad(findings: Sequence[Finding]) -> list[str]:
    """What is not ok, as `status check`."""
    return [f"{one.status} {one.check}" for one in findings if one.status is not Status.OK]


def says(findings: Sequence[Finding], check: str, status: Status) -> str:
    """What the only finding of a check with that status says, with its way out."""
    found = [one for one in findings if (one.check, one.status) == (check, status)]
    assert len(found) == 1, findings
    return f"{found[0].says} -> {found[0].way_out}"


def add_worker(db: Database, worker_id: str = "w", *, silent: float = 0, **changes: str) -> None:
    with db.write() as session:
        register_worker(
            session,
            worker_id,
            versions={"realspike": version("realspike"), "torch": "2.13.0", **changes},
            datasets={"digits": "ready", "mnist": "missing"},
        )
        seen = now(session) - timedelta(seconds=silent)
        session.execute(update(Worker).where(Worker.id == worker_id).values(seen_at=seen))


def everybody(db: Database) -> None:
    add_worker(db)
    with db.write() as session:
        heartbeats.beat(session, heartbeats.SCHEDULER)


def age(db: Database, run_id: str, **seconds_ago: float) -> None:
    with db.write() as session:
        moment = now(session)
        moved = {name: moment - timedelta(seconds=ago) for name, ago in seconds_ago.items()}
        session.execute(update(Run).where(Run.id == run_id).values(**moved))


def test_a_service_that_is_well(own: Settings, db: Database) -> None:
    everybody(db)
    ArtifactFiles(own.resolved_artifacts_url).check()
    RunQueue(own).close()
    own.home.mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-m", "server.doctor"],
        env=environment_of(own),
        capture_output=True,
        text=True,
        check=True,
    )
    found = [Finding(**{**one, "status": Status(one["status"])}) for one in json.loads(done.stdout)]
    assert [one for one in bad(found) if one not in ("warning web page", "warning disk")] == []
    assert {"settings", "home", "disk", "database", "clock", "schema", "broker", "artifacts"} | {
        "workers",
        "scheduler",
        "runs",
        "queue",
        "files",
    } <= {one.check for one in found}
    database = says(found, "database", Status.OK)
    assert "journal mode wal" in database if own.embedded else "Postgres" in database


def test_nothing_is_made_by_looking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REALSPIKE_HOME", str(tmp_path / "home"))
    found = list(diagnose())
    assert "is not there yet" in says(found, "home", Status.WARNING)
    assert list(tmp_path.iterdir()) == []


def test_a_setting_that_is_wrong_and_one_that_nothing_reads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("REALSPIKE_LEASE_SECOND", "20")
    found = list(surroundings.variables(Settings(), {"REALSPIKE_LEASE_SECOND": "20"}))
    said = says(found, "settings", Status.WARNING)
    assert "did you mean REALSPIKE_LEASE_SECONDS?" in said
    known = {"REALSPIKE_URL": "", "REALSPIKE_KERNELS": "", "REALSPIKE_TEST_ANY": "", "HOME": ""}
    assert bad(list(surroundings.variables(Settings(), known))) == []

    monkeypatch.setenv("REALSPIKE_PORT", "seventy")
    assert "REALSPIKE_PORT" in says(list(diagnose()), "settings", Status.PROBLEM)


def test_a_home_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    found = list(surroundings.home(Settings(home=tmp_path / "file" / "home")))
    assert "in the way" in says(found, "home", Status.PROBLEM)


def test_a_disk_that_is_nearly_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = Settings(home=tmp_path)
    monkeypatch.setattr(surroundings, "LITTLE_SPACE", 2**80)
    assert set(bad(list(surroundings.disks(own)))) == {"warning disk"}
    monkeypatch.setattr(surroundings, "NO_SPACE", 2**80)
    assert set(bad(list(surroundings.disks(own)))) == {"problem disk"}


def test_stores_that_do_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("REALSPIKE_HOME", str(tmp_path))
    monkeypatch.setenv("REALSPIKE_DATABASE_URL", f"postgresql://me@127.0.0.1:{port}/none")
    monkeypatch.setenv("REALSPIKE_BROKER_URL", f"redis://127.0.0.1:{port}/0")
    monkeypatch.setenv("REALSPIKE_ARTIFACTS_URL", str(tmp_path / "file"))
    found = list(diagnose())
    for check, variable in (
        ("database", "REALSPIKE_DATABASE_URL"),
        ("broker", "REALSPIKE_BROKER_URL"),
        ("artifacts", "REALSPIKE_ARTIFACTS_URL"),
    ):
        assert variable in says(found, check, Status.PROBLEM)
    assert "not looked at" in says(found, "work", Status.WARNING)


def test_a_database_that_hangs_is_a_problem_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.doctor.__main__.LIMIT_SECONDS", 0.5)
    monkeypatch.setenv("REALSPIKE_HOME", str(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://me@127.0.0.1:{silent.getsockname()[1]}/name"
        monkeypatch.setenv("REALSPIKE_DATABASE_URL", url)
        found = list(diagnose())
    assert "no answer within 0.5 s" in says(found, "database", Status.PROBLEM)


def test_a_schema_that_is_old(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    path.touch()
    found = list(stores.database(Settings(database_url=f"sqlite:///{path}")))
    assert "server.storage.migrations" in says(found, "schema", Status.PROBLEM)


def test_messages_that_wait_are_counted(own: Settings) -> None:
    queue = RunQueue(own)
    assert queue.waiting() == 0
    for number in range(3):
        queue.enqueue_run(f"run_{number}")
    assert queue.waiting() == 3
    assert "3 messages wait" in says(list(stores.broker(own)), "broker", Status.OK)
    queue.close()


class TestWork:
    def test_nobody_is_there(self, own: Settings, db: Database) -> None:
        assert "none is alive" in says(list(work.workers(own, db)), "workers", Status.WARNING)
        make_run(db)
        assert "1 runs wait" in says(list(work.workers(own, db)), "workers", Status.PROBLEM)
        assert "none ever ran" in says(list(work.scheduler(own, db)), "scheduler", Status.PROBLEM)

    def test_who_fell_silent(self, own: Settings, db: Database) -> None:
        everybody(db)
        add_worker(db, "gone", silent=300)
        add_worker(db, "forgotten", silent=3 * 86_400)
        said = says(list(work.workers(own, db)), "workers", Status.WARNING)
        assert "1 fell silent within a day: gone on h" in said
        with db.write() as session:
            past = now(session) - timedelta(seconds=100)
            session.execute(update(Heartbeat).values(seen_at=past))
        assert "none for 10" in says(list(work.scheduler(own, db)), "scheduler", Status.PROBLEM)

    def test_other_versions(self, own: Settings, db: Database) -> None:
        everybody(db)
        add_worker(db, "old", realspike="0.0.9", torch="2.11.0")
        found = [one.says for one in work.workers(own, db) if one.status is Status.WARNING]
        assert any("another version" in said and "old on h" in said for said in found)
        assert any("2.11.0, 2.13.0" in said for said in found)
        with db.write() as session:
            session.execute(update(Heartbeat).values(version="0.0.9"))
        assert "0.0.9" in says(list(work.scheduler(own, db)), "scheduler", Status.WARNING)

    def test_workers_in_quarantine(self, own: Settings, db: Database) -> None:
        everybody(db)
        add_worker(db, "bad")

        def quarantine(worker_id: str) -> None:
            with db.write() as session:
                worker = session.get_one(Worker, worker_id)
                worker.quarantined_at, worker.quarantine_reason = now(session), "3 runs failed"

        quarantine("bad")
        assert "1 alive with 1 slots" in says(list(work.workers(own, db)), "workers", Status.OK)
        said = says(list(work.workers(own, db)), "workers", Status.WARNING)
        assert "bad on h is quarantined since" in said
        assert said.endswith("-> 3 runs failed")
        quarantine("w")
        said = says(list(work.workers(own, db)), "workers", Status.PROBLEM)
        assert "every one is quarantined" in said
        assert "realspike worker release ID" in said

    def test_runs_that_stand_still(self, own: Settings, db: Database) -> None:
        assert bad(list(work.running(db))) == []
        left, silent = make_run(db), make_run(db)
        for run_id in (left, silent):
            claim_run(db, run_id)
        age(db, left, lease_expires_at=120)
        with db.write() as session:
            started = now(session) - timedelta(hours=2)
            session.execute(
                update(Attempt).where(Attempt.run_id == silent).values(started_at=started)
            )
        found = list(work.running(db))
        assert left in says(found, "runs", Status.PROBLEM)
        assert silent in says(found, "runs", Status.WARNING)

    def test_runs_that_wait_beside_free_slots(self, own: Settings, db: Database) -> None:
        everybody(db)
        run_id = make_run(db)
        assert "1 runs wait" in says(list(work.waiting(own, db)), "queue", Status.OK)
        age(db, run_id, created_at=2000)
        assert bad(list(work.waiting(own, db))) == []  # the worker has only just started
        with db.write() as session:
            session.execute(update(Worker).values(started_at=now(session) - timedelta(seconds=40)))
        said = says(list(work.waiting(own, db)), "queue", Status.PROBLEM)
        assert "although a worker has been free for 40 s" in said
        claim_run(db, make_run(db), worker_id="w")
        assert bad(list(work.waiting(own, db))) == []

    def test_a_worker_that_has_just_ended_a_run_is_not_stuck(
        self, own: Settings, db: Database
    ) -> None:
        everybody(db)
        age(db, make_run(db), created_at=2000)
        done = make_run(db)
        attempt = claim_run(db, done, worker_id="w")
        with db.write() as session:
            lifecycle.succeed(session, done, attempt)
            session.execute(update(Worker).values(started_at=now(session) - timedelta(hours=1)))
        assert bad(list(work.waiting(own, db))) == []

    def test_runs_that_their_study_holds_back_wait_for_no_worker(
        self, own: Settings, db: Database
    ) -> None:
        everybody(db)
        add_worker(db, "idle")
        with db.write() as session:
            session.execute(update(Worker).values(started_at=now(session) - timedelta(hours=1)))
            study = studies.create_study(
                session,
                name="one at a time",
                experiment="default",
                document={},
                factors=[],
                metric="test_acc",
                goal="maximize",
                parallel=1,
            )
        claim_run(db, make_run(db, study_id=study.id), worker_id="w")
        age(db, make_run(db, study_id=study.id), created_at=2000)
        assert "0 runs wait, 1 more because their study" in says(
            list(work.waiting(own, db)), "queue", Status.OK
        )

    def test_runs_whose_data_nobody_has(self, own: Settings, db: Database) -> None:
        make_run(db, spec={"dataset": "mnist"})
        assert bad(list(work.waiting(own, db))) == []  # that nobody is alive is said elsewhere
        everybody(db)
        said = says(list(work.waiting(own, db)), "queue", Status.WARNING)
        assert "realspike data push mnist" in said

    def test_files_that_are_gone(self, own: Settings, db: Database, tmp_path: Path) -> None:
        files = ArtifactFiles(own.resolved_artifacts_url)
        run_id = make_run(db)
        attempt = claim_run(db, run_id)
        (tmp_path / "weights").write_bytes(b"1")
        for name in ("kept", "gone"):
            stored = files.put(tmp_path / "weights", f"{run_id}/attempt-1/{name}")
            with db.write() as session:
                record_artifact(
                    session,
                    run_id,
                    attempt,
                    kind=ArtifactKind.WEIGHTS,
                    name=name,
                    media_type="application/octet-stream",
                    stored=stored,
                )
        assert bad(list(work.files(own, db))) == []
        files.delete(f"{run_id}/attempt-1/gone")
        with db.write() as session:
            lifecycle.hand_back(session, run_id, attempt, reason="drained")
            long_ago = now(session) - timedelta(days=2)
            session.execute(update(Attempt).values(finished_at=long_ago))
        found = list(work.files(own, db))
        assert f"{run_id}/attempt-1/gone" in says(found, "files", Status.PROBLEM)
        assert "1 attempts ended" in says(found, "files", Status.WARNING)


def test_a_check_that_breaks_is_a_problem_of_its_own() -> None:
    def broken() -> list[Finding]:
        raise ZeroDivisionError("oh")

    found = examine({"one": broken, "two": lambda: [ok("two", "fine")]}, 5)
    assert "ZeroDivisionError: oh" in says(found, "one", Status.PROBLEM)
    assert says(found, "two", Status.OK)
