"""Backup, restore and purge as a user runs them, on the stores of a home."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from client.cli.exits import ExitCode
from server.settings import Settings
from server.storage import artifacts, lifecycle, runs
from server.storage.artifact_files import ArtifactFiles
from server.storage.database import Database
from server.storage.models import Run
from tests.client.conftest import Realspike
from tests.support.runs import claim_run, make_run


class Home:
    """A home with one run that succeeded and left a file."""

    def __init__(self, folder: Path, migrated: Path) -> None:
        folder.mkdir()
        shutil.copyfile(migrated, folder / "realspike.db")
        self.folder = folder
        settings = Settings(home=folder)
        self.db = Database(settings.resolved_database_url)
        self.files = ArtifactFiles(settings.resolved_artifacts_url)
        self.run_id = make_run(self.db, name="größe")
        self.location = f"{self.run_id}/attempt-1/weights"
        attempt = claim_run(self.db, self.run_id)
        local = folder / "local"
        local.write_bytes(b"the weights!")
        stored = self.files.put(local, self.location)
        with self.db.write() as session:
            artifacts.record_artifact(
                session,
                self.run_id,
                attempt,
                kind="weights",
                name="weights",
                media_type="a/b",
                stored=stored,
            )
            lifecycle.succeed(session, self.run_id, attempt)

    def delete_run(self, days: int) -> None:
        with self.db.write() as session:
            runs.delete_run(session, self.run_id)
            session.flush()
            session.execute(update(Run).values(deleted_at=datetime.now(UTC) - timedelta(days=days)))


@pytest.fixture
def home(tmp_path: Path, migrated_sqlite: Path) -> Iterator[Home]:
    home = Home(tmp_path / "home", migrated_sqlite)
    yield home
    home.db.close()


def test_backup_check_and_restore(realspike: Realspike, home: Home, tmp_path: Path) -> None:
    file, other = tmp_path / "backup.tar.gz", tmp_path / "other"
    said = realspike("backup", str(file), "--home", str(home.folder))
    assert said.code == ExitCode.OK, said.err
    assert f"{file} is written: 1 runs, " in said.out
    assert "1 files of 12 bytes" in said.out

    checked = realspike("backup", "--check", str(file), "--json")
    assert (checked.code, checked.err) == (ExitCode.OK, "")
    assert checked.document["tables"]["run"] == 1
    assert (checked.document["files"], checked.document["bytes"]) == (1, 12)

    restored = realspike("restore", str(file), "--home", str(other))
    assert restored.code == ExitCode.OK, restored.err
    assert "is restored: 1 runs" in restored.out
    assert (other / "artifacts" / home.location).read_bytes() == b"the weights!"
    again = realspike("restore", str(file), "--home", str(other), "--json")
    assert (again.code, again.out) == (ExitCode.CONFLICT, "")
    assert again.err.splitlines()[-1].startswith("error: the database is not empty")


def test_backup_that_misses_a_file_says_so(
    realspike: Realspike, home: Home, tmp_path: Path
) -> None:
    home.files.delete(home.location)
    said = realspike("backup", str(tmp_path / "backup.tar"), "--home", str(home.folder))
    assert said.code == ExitCode.ENDED_BADLY
    assert f"NOT in it: file {home.location} of run {home.run_id} is missing" in said.out
    checked = realspike("backup", "--check", str(tmp_path / "backup.tar"))
    assert (checked.code, "NOT in it" in checked.out) == (ExitCode.ENDED_BADLY, True)
    restored = realspike(
        "restore", str(tmp_path / "backup.tar"), "--home", str(tmp_path / "other"), "--json"
    )
    assert restored.code == ExitCode.ENDED_BADLY
    assert restored.document["left_out"][0]["run_id"] == home.run_id


def test_damaged_backup_is_refused(realspike: Realspike, home: Home, tmp_path: Path) -> None:
    file = tmp_path / "backup.tar"
    realspike("backup", str(file), "--home", str(home.folder))
    file.write_bytes(file.read_bytes()[:3000])
    for arguments in (["backup", "--check"], ["restore", "--home", str(tmp_path / "other")]):
        said = realspike(*arguments, str(file))
        assert (said.code, said.out) == (ExitCode.BAD_INPUT, "")
        assert said.err.splitlines()[-1].startswith(f"error: {file} is no whole backup")


@pytest.mark.parametrize("command", [["backup", "FILE.tar"], ["purge"]], ids=" ".join)
def test_home_without_a_database_is_not_made(
    realspike: Realspike, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    said = realspike(*command)
    assert said.code == ExitCode.BAD_INPUT
    assert said.err.startswith(f"error: there is no database {tmp_path}/.realspike/realspike.db")
    assert "--home" in said.err
    assert list(tmp_path.iterdir()) == []


def test_settings_that_are_wrong(
    realspike: Realspike, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REALSPIKE_PORT", "nonsense")
    said = realspike("backup", str(tmp_path / "backup.tar"), "--home", str(home.folder))
    assert said.code == ExitCode.BAD_INPUT
    assert said.err.startswith("error: REALSPIKE_PORT is 'nonsense'")


def test_purge_lists_what_it_takes_and_takes_it(realspike: Realspike, home: Home) -> None:
    home.delete_run(days=10)
    where = ("--home", str(home.folder))
    young = realspike("purge", *where)
    assert young.out == "0 runs, 0 studies, 0 files of 0 bytes are purged\n"
    planned = realspike("purge", "--older-than", "9d", "--dry-run", *where)
    assert f"{home.run_id}  run   größe  240 h 00 min ago" in planned.out
    assert "1 runs, 0 studies, 1 files of 12 bytes would be purged" in planned.out
    assert home.files.exists(home.location)

    purged = realspike("purge", "--older-than", "9d", "--json", *where).document
    assert ([run["id"] for run in purged["runs"]], purged["bytes"]) == ([home.run_id], 12)
    assert not home.files.exists(home.location)
    assert realspike("purge", "--older-than", "0d", "--json", *where).document["runs"] == []


def test_purge_without_retention_wants_an_age(
    realspike: Realspike, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REALSPIKE_RETENTION_DAYS", "0")
    said = realspike("purge", "--home", str(home.folder))
    assert said.code == ExitCode.BAD_INPUT
    assert "for example --older-than 30d" in said.err


@pytest.mark.parametrize("age", ["30", "d", "-1d", "1w", "99999999d"])
def test_age_that_is_none(realspike: Realspike, age: str) -> None:
    said = realspike("purge", f"--older-than={age}")
    assert said.code == ExitCode.BAD_INPUT
    assert "is no age; say a number with s, m, h or d" in said.err
