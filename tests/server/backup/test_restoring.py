"""Restoring: only into an empty place, and all or nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Connection, event, inspect, text

from server.backup import restoring, tables
from server.backup.errors import BackupError, NotEmptyError
from server.errors import StorageUnavailableError
from server.storage import scripts
from server.storage.artifact_files import ArtifactFiles, StoredFile
from server.storage.database import migrate, schema_is_current
from server.storage.models import Run
from server.storage.scripts import Script
from tests.server.backup.conftest import MakePlace, Place
from tests.support.runs import expire, get, make_run, reap


@pytest.fixture
def backup(small: Place) -> Path:
    return small.back_up()


def url_of(place: Place) -> str:
    return place.database.engine.url.render_as_string(hide_password=False)


def is_empty(place: Place) -> bool:
    rows = inspect(place.database.engine).get_table_names()
    return rows == [] and place.contents() == {}


class TestWhere:
    def test_a_database_with_rows_is_refused_and_left_alone(
        self, backup: Path, place: Place
    ) -> None:
        migrate(url_of(place))
        make_run(place.database)
        before = place.rows()
        with pytest.raises(NotEmptyError, match=r"its table \w+ has rows.*REALSPIKE_DATABASE_URL"):
            place.restore(backup)
        assert (place.rows(), place.contents()) == (before, {})

    def test_a_file_store_with_files_is_refused_and_left_alone(
        self, backup: Path, place: Place
    ) -> None:
        place.store("run_1/file", b"dear")
        with pytest.raises(NotEmptyError, match="REALSPIKE_ARTIFACTS_URL"):
            place.restore(backup)
        assert place.contents() == {"run_1/file": b"dear"}
        assert inspect(place.database.engine).get_table_names() == []

    @pytest.mark.parametrize("revision", ["0001", "head"])
    def test_tables_without_rows_are_in_nobodys_way(
        self, backup: Path, place: Place, revision: str
    ) -> None:
        migrate(url_of(place), revision)
        with place.database.engine.begin() as connection:
            connection.execute(text("CREATE TABLE somebody_elses (id INTEGER)"))
        place.restore(backup)
        assert schema_is_current(place.database)
        assert place.rows()["run"]
        assert "somebody_elses" in inspect(place.database.engine).get_table_names()


class TestAllOrNothing:
    def test_a_row_that_the_other_database_cannot_hold(
        self, small: Place, make_place: MakePlace
    ) -> None:
        with small.database.write() as session:
            session.execute(text("UPDATE run SET detail = 'a' || char(0) || 'b'"))
        other = make_place("postgresql")
        with pytest.raises(BackupError, match=r"rows 1 to 7 of table run: .*NUL"):
            other.restore(small.back_up())
        assert is_empty(other)

    def test_a_failure_after_every_row_is_in(
        self, backup: Path, place: Place, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(connection: object) -> None:
            raise ZeroDivisionError

        monkeypatch.setattr(restoring, "_settle", fail)
        with pytest.raises(ZeroDivisionError):
            place.restore(backup)
        assert is_empty(place)
        monkeypatch.undo()
        place.restore(backup)
        assert place.rows()["run"]

    def test_a_commit_of_which_nothing_is_heard_leaves_the_files_to_its_rows(
        self, backup: Path, place: Place
    ) -> None:
        def lose_the_answer(connection: Connection) -> None:
            connection.exec_driver_sql("COMMIT")
            raise StorageUnavailableError("the connection is lost")

        event.listen(place.database.engine, "commit", lose_the_answer)
        with pytest.raises(StorageUnavailableError, match="the connection is lost"):
            place.restore(backup)
        event.remove(place.database.engine, "commit", lose_the_answer)
        assert set(place.contents()) == set(place.locations())

    def test_a_file_that_cannot_be_stored(
        self, backup: Path, place: Place, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        put, stored = ArtifactFiles.put, []

        def fail_at_the_third(files: ArtifactFiles, local: Path, key: str) -> StoredFile:
            if len(stored) == 2:
                raise StorageUnavailableError("the disk is full")
            stored.append(key)
            return put(files, local, key)

        monkeypatch.setattr(ArtifactFiles, "put", fail_at_the_third)
        with pytest.raises(StorageUnavailableError, match="the disk is full"):
            place.restore(backup)
        assert is_empty(place)

    def test_somebody_who_starts_meanwhile_wins(
        self, backup: Path, place: Place, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store = restoring._restore_files

        def store_while_a_service_starts(*arguments: object) -> None:
            store(*arguments)  # type: ignore[arg-type]
            migrate(url_of(place))
            make_run(place.database, name="theirs")

        monkeypatch.setattr(restoring, "_restore_files", store_while_a_service_starts)
        with pytest.raises(NotEmptyError):
            place.restore(backup)
        assert [row["name"] for row in place.rows()["run"]] == ["theirs"]
        assert place.contents() == {}


def test_many_rows_go_in_parts(
    small: Place, make_place: MakePlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "BATCH", 3)
    other = make_place("postgresql")
    other.restore(small.back_up())
    with other.database.read() as session:
        assert session.query(Run).count() == 7


def test_the_run_of_a_script_goes_on_when_the_script_is_heard_of(
    small: Place, make_place: MakePlace
) -> None:
    with small.database.write() as session:
        script = Script("a", "default", [], None, {}, "0" * 64, None, "", "", None)
        run_id = scripts.begin(session, script, run_id=None, lease_seconds=300).id
    other = make_place("sqlite")
    other.restore(small.back_up())
    assert get(other.database, run_id).status == "running"
    expire(other.database, run_id)
    reap(other.database)
    with other.database.write() as session:
        assert scripts.beat(session, run_id, lease_seconds=300).status == "running"
