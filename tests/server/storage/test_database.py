"""Sessions, their transactions, and errors in plain words."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from server.errors import NotFoundError, StorageError, StorageUnavailableError, UnstorableValueError
from server.storage import runs
from server.storage.database import Database, now
from server.storage.models import Attempt, Run
from tests.support.runs import get, make_run


class TestSessions:
    def test_write_commits(self, db: Database) -> None:
        assert get(db, make_run(db)).name == "a run"

    def test_write_rolls_back_when_the_block_raises(self, db: Database) -> None:
        run_id = make_run(db)

        def change_and_fail(session: Session) -> None:
            runs.get_run(session, run_id).name = "changed"
            session.flush()
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError), db.write() as session:
            change_and_fail(session)
        assert get(db, run_id).name == "a run"

    def test_read_stores_nothing(self, db: Database) -> None:
        run_id = make_run(db)
        with db.read() as session:
            runs.get_run(session, run_id).name = "changed"
        assert get(db, run_id).name == "a run"

    def test_a_read_session_sees_one_moment(self, db: Database) -> None:
        make_run(db)
        with db.read() as session:
            assert runs.list_runs(session).total == 1
            make_run(db)
            assert runs.list_runs(session).total == 1
        with db.read() as session:
            assert runs.list_runs(session).total == 2

    def test_rows_stay_readable_after_their_session(self, db: Database) -> None:
        run_id = make_run(db)
        with db.write() as session:
            run = runs.get_run(session, run_id)
        assert (run.id, run.status, run.tags) == (run_id, "queued", [])

    def test_foreign_keys_are_enforced(self, db: Database) -> None:
        with pytest.raises(IntegrityError):
            make_run(db, study_id="stu_nowhere")

    def test_writers_wait_for_each_other_and_lose_nothing(self, db: Database) -> None:
        run_id = make_run(db)

        def add() -> None:
            with db.write() as session:
                run = session.scalars(select(Run).where(Run.id == run_id).with_for_update()).one()
                run.priority += 1

        with ThreadPoolExecutor(8) as pool:
            for future in [pool.submit(add) for _ in range(40)]:
                future.result()
        assert get(db, run_id).priority == 40

    def test_a_reader_does_not_wait_for_a_writer(self, db: Database) -> None:
        run_id = make_run(db)
        with db.write() as session:
            session.execute(update(Run).where(Run.id == run_id).values(priority=5))
            assert get(db, run_id).priority == 0
        assert get(db, run_id).priority == 5


class TestClock:
    def test_is_utc_and_near(self, db: Database) -> None:
        with db.read() as session:
            moment = now(session)
        assert moment.tzinfo is UTC
        assert abs(moment - datetime.now(UTC)) < timedelta(minutes=1)

    def test_moves_on_within_a_transaction(self, db: Database) -> None:
        with db.read() as session:
            assert now(session) < now(session)

    def test_times_come_back_as_they_went(self, db: Database) -> None:
        moment = datetime(2026, 3, 29, 2, 30, 0, 123456, UTC)
        run_id = make_run(db)
        with db.write() as session:
            runs.get_run(session, run_id).started_at = moment
        assert get(db, run_id).started_at == moment


class TestErrors:
    def test_a_value_that_no_database_holds(self, postgres_url: str) -> None:
        database = Database(postgres_url)
        with pytest.raises(UnstorableValueError, match="NUL"):
            make_run(database, name="a\x00b")
        with pytest.raises(UnstorableValueError, match="too long"):
            make_run(database, name="x" * 201)
        database.close()

    def test_no_tables_says_how_to_make_them(self, empty_database_url: str) -> None:
        database = Database(empty_database_url)
        with pytest.raises(StorageUnavailableError, match=r"python -m server\.storage\.migrations"):
            make_run(database)
        database.close()

    def test_no_server_says_which_and_hides_the_password(self) -> None:
        database = Database("postgresql://me:secret@127.0.0.1:1/nothing")
        with pytest.raises(StorageUnavailableError, match="REALSPIKE_DATABASE_URL") as raised:
            database.check()
        assert "127.0.0.1:1" in str(raised.value)
        assert "secret" not in str(raised.value)
        database.close()

    @pytest.mark.parametrize(
        "url", ["mysql://me@host/name", "postgresql+psycopg2://host/name", "sqlite://", "nonsense"]
    )
    def test_a_url_that_cannot_be_used(self, url: str) -> None:
        with pytest.raises(StorageError, match="REALSPIKE_DATABASE_URL"):
            Database(url)

    def test_a_folder_that_cannot_be_made(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        database = Database(f"sqlite:///{tmp_path}/file/realspike.db")
        with pytest.raises(StorageUnavailableError, match="REALSPIKE_HOME"):
            database.check()

    def test_a_folder_that_nobody_reads_from_yet_is_not_made(self, tmp_path: Path) -> None:
        Database(f"sqlite:///{tmp_path}/home/realspike.db").close()
        assert not (tmp_path / "home").exists()

    def test_a_full_disk(self, sqlite_url: str) -> None:
        database = Database(sqlite_url)
        with database.write() as session:
            pages = session.execute(text("PRAGMA page_count")).scalar_one()
            session.execute(text(f"PRAGMA max_page_count = {pages}"))
        with pytest.raises(StorageUnavailableError, match="no disk space left"):
            _fill(database)
        database.close()

    def test_a_fault_of_ours_stays_itself(self, db: Database) -> None:
        run_id = make_run(db)
        with pytest.raises(IntegrityError), db.write() as session:
            session.execute(update(Run).where(Run.id == run_id).values(name=None))
        with pytest.raises(NotFoundError):
            get(db, "run_nowhere")


def _fill(database: Database) -> None:
    with database.write() as session:
        for _ in range(100):
            runs.create_run(
                session,
                name="x" * 200,
                experiment="x" * 200,
                tags=["x" * 1000],
                priority=0,
                spec={},
                spec_digest="0" * 64,
            )


class TestSqlite:
    def test_write_sessions_begin_immediate_and_read_sessions_do_not(self, sqlite_url: str) -> None:
        database, other = Database(sqlite_url), Database(sqlite_url)
        with other.write() as session:
            session.execute(text("PRAGMA busy_timeout = 0"))
        with database.write() as writer, database.read() as reader:
            writer.execute(select(1))
            assert reader.scalar(select(Run.id)) is None
            with pytest.raises(StorageUnavailableError, match="busy"), other.write() as session:
                session.execute(select(1))
        database.close()
        other.close()

    def test_is_in_wal_mode(self, sqlite_url: str) -> None:
        database = Database(sqlite_url)
        with database.read() as session:
            assert session.execute(text("PRAGMA journal_mode")).scalar_one() == "wal"
            assert session.execute(text("PRAGMA foreign_keys")).scalar_one() == 1
        database.close()
        assert not Path(f"{database.engine.url.database}-wal").exists()


class TestPostgres:
    def test_a_vanished_client_does_not_keep_its_locks(self, postgres_url: str) -> None:
        database = Database(postgres_url)
        with database.read() as session:
            shown = text("SHOW idle_in_transaction_session_timeout")
            assert session.execute(shown).scalar_one() == "15s"
            assert session.execute(text("SHOW lock_timeout")).scalar_one() == "30s"
        database.close()

    def test_a_lost_connection_is_replaced(self, postgres_url: str) -> None:
        database = Database(postgres_url)
        with database.read() as session:
            process = session.execute(text("SELECT pg_backend_pid()")).scalar_one()
        other = Database(postgres_url)
        with other.read() as session:
            session.execute(text("SELECT pg_terminate_backend(:process)"), {"process": process})
        database.check()
        database.close()
        other.close()


FORKS = """
import os, sys
from server.storage.database import Database
from server.storage import runs
database = Database(sys.argv[1])
def count():
    with database.read() as session:
        return runs.list_runs(session).total
assert count() == 1
child = os.fork()
if child == 0:
    database.forget_connections()
    assert count() == 1
    database.close()
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
assert count() == 1
database.close()
"""


class TestProcesses:
    def test_a_forked_child_opens_connections_of_its_own(
        self, db: Database, database_url: str
    ) -> None:
        make_run(db)
        command = [sys.executable, "-W", "error", "-c", FORKS, database_url]
        subprocess.run(command, check=True, env={**os.environ, "PYTHONPATH": "."})

    def test_threads_share_a_database(self, db: Database) -> None:
        names: list[str] = []

        def work() -> None:
            names.append(get(db, make_run(db, name=threading.current_thread().name)).name)

        threads = [threading.Thread(target=work, name=f"thread {n}") for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(names) == [f"thread {n}" for n in range(8)]


def test_no_attempt_without_its_run(db: Database) -> None:
    def add(session: Session) -> None:
        session.add(
            Attempt(
                run_id="run_nowhere",
                number=1,
                worker_id="w",
                host="h",
                device="cpu",
                outcome="running",
                started_at=now(session),
            )
        )

    with pytest.raises(IntegrityError), db.write() as session:
        add(session)
