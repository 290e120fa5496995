"""Writing: of one moment, while others write; what is missing is said; nothing half is left."""

from __future__ import annotations

import errno
import hashlib
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pytest
from sqlalchemy import delete, select

from server.backup.archive import read_manifest
from server.backup.errors import BackupError
from server.backup.writing import write_backup
from server.storage import artifacts, metrics
from server.storage.artifact_files import ArtifactFiles
from server.storage.database import Database, migrate
from server.storage.models import Artifact, Metric, Run
from tests.server.backup.conftest import MakePlace, Place, ignore
from tests.support.runs import claim_run, make_run
from tests.support.waiting import wait_until


class Trainer:
    """A worker's writes: points with their summary, and checkpoints of which two are kept."""

    def __init__(self, place: Place, number: int) -> None:
        self._place = place
        self._local = place.folder / f"checkpoint-{number}"
        self._run_id = make_run(place.database)
        self._attempt = claim_run(place.database, self._run_id)
        self.steps = 0

    def go_on(self) -> None:
        """One epoch."""
        self.steps += 1
        step, db, key = self.steps, self._place.database, (self._run_id, self._attempt)
        self._local.write_bytes(f"{self._run_id} at {step} ".encode() * 1000)
        stored = self._place.files.put(self._local, f"{self._run_id}/attempt-1/checkpoint-{step}")
        with db.write() as session:
            metrics.write_metrics(
                session, self._run_id, [("step", step, 1, float(step))], attempt=self._attempt
            )
            artifacts.record_artifact(
                session,
                *key,
                kind="checkpoint",
                name=f"checkpoint-{step}",
                media_type="application/octet-stream",
                stored=stored,
                step=step,
            )
            old = artifacts.latest_checkpoints(session, self._run_id)[2:]
            dropped = [artifacts.drop_artifact(session, *key, item.id) for item in old]
        for location in dropped:
            self._place.files.delete(location)


def go_on_until(stop: threading.Event, trainer: Trainer) -> None:
    while not stop.is_set():
        trainer.go_on()


def test_it_is_of_one_moment_while_others_write(place: Place, make_place: MakePlace) -> None:
    migrate(place.database.engine.url.render_as_string(hide_password=False))
    trainers = [Trainer(place, number) for number in range(3)]
    stop = threading.Event()
    threads = [threading.Thread(target=go_on_until, args=(stop, trainer)) for trainer in trainers]
    for thread in threads:
        thread.start()
    targets: list[Path] = []
    try:
        for number in range(4):
            reached = [trainer.steps + 3 for trainer in trainers]
            wait_until(
                lambda reached=reached: all(
                    trainer.steps >= least for trainer, least in zip(trainers, reached, strict=True)
                ),
                "everybody goes on",
            )
            targets.append(place.folder / f"{number}.tar")
            written = write_backup(place.database, place.files, targets[-1], note=ignore)
            assert written.left_out == []
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    for target in targets:
        other = make_place("sqlite")
        other.restore(target)
        assert_of_one_moment(other)


def assert_of_one_moment(place: Place) -> None:
    """Each run's points, summary and checkpoints belong together, and every file is whole."""
    with place.database.read() as session:
        for run in session.scalars(select(Run)).all():
            steps = session.scalars(select(Metric.step).where(Metric.run_id == run.id)).all()
            assert sorted(steps) == list(range(1, len(steps) + 1))
            assert run.summary == {"step": float(len(steps))}
            kept = artifacts.latest_checkpoints(session, run.id)
            assert {item.step for item in kept} <= {len(steps), len(steps) - 1}
        known = {item.location: item.sha256 for item in session.scalars(select(Artifact))}
    found = {
        name: hashlib.sha256(content).hexdigest() for name, content in place.contents().items()
    }
    assert found == known


class Interrupted(ArtifactFiles):
    """A file store that does something before it opens a file."""

    before: Callable[[str], None]

    def open(self, location: str) -> BinaryIO:
        self.before(location)
        return super().open(location)


def test_a_file_that_is_deleted_meanwhile_is_left_out_with_its_row(
    filled: Place, make_place: MakePlace
) -> None:
    gone = next(name for name in filled.locations() if "checkpoint-96" in name)

    def drop(location: str) -> None:
        if location == gone:
            with filled.database.write() as session:
                session.execute(delete(Artifact).where(Artifact.location == gone))
            filled.files.delete(gone)

    files = Interrupted(filled.files.url)
    files.before = drop
    target = filled.folder / "backup.tar"
    written = write_backup(filled.database, files, target, note=ignore)

    assert [item.location for item in written.dropped] == [gone]
    assert written.left_out == []
    other = make_place("sqlite")
    assert other.restore(target) == read_manifest(target) == written
    assert other.locations() == filled.locations()
    assert other.contents() == filled.contents()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "is missing"),
        (b"something else, and much longer than what was there before", "SHA-256"),
        (b"the file of art_0000000000000000000000000z", "SHA-256"),
        (b"short", "is shorter than recorded"),
    ],
    ids=["missing", "longer", "changed", "shorter"],
)
def test_a_file_that_is_missing_or_damaged_is_said_and_the_rest_is_there(
    small: Place, make_place: MakePlace, content: bytes | None, why: str
) -> None:
    bad = small.locations()[0]
    if content is None:
        small.files.delete(bad)
    else:
        small.store(bad, content)
    target = small.folder / "backup.tar"
    written = write_backup(small.database, small.files, target, note=ignore)

    (item,) = written.left_out
    assert (item.location, written.dropped) == (bad, [])
    assert why in item.why
    other = make_place("sqlite")
    assert other.restore(target).left_out == [item]
    assert other.locations() == small.locations()
    whole = {name: file for name, file in small.contents().items() if name != bad}
    assert other.contents() == whole


def test_two_rows_that_name_one_file(small: Place, make_place: MakePlace) -> None:
    with small.database.write() as session:
        first, second, *_ = session.scalars(select(Artifact).order_by(Artifact.id))
        second.location, second.size, second.sha256 = first.location, first.size, first.sha256
    other = make_place("sqlite")
    other.restore(small.back_up())
    assert other.locations() == small.locations()


class TestRefusals:
    def test_a_name_that_says_no_format(self, small: Place) -> None:
        with pytest.raises(BackupError, match=r"\.tar, \.tar\.gz, \.tgz"):
            small.back_up("backup.zip")

    def test_a_file_that_is_there_is_never_replaced(self, small: Place) -> None:
        (small.folder / "backup.tar").write_bytes(b"dear")
        with pytest.raises(BackupError, match="choose another name"):
            small.back_up()
        assert (small.folder / "backup.tar").read_bytes() == b"dear"

    def test_a_folder_that_is_not_there(self, small: Place) -> None:
        with pytest.raises(BackupError, match="there is no folder"):
            small.back_up("none/backup.tar")

    def test_a_database_without_tables(self, place: Place) -> None:
        with pytest.raises(BackupError, match="nothing to back up"):
            place.back_up()
        assert not list(place.folder.glob("*.tar*")) + list(place.folder.glob(".*"))

    def test_a_full_disk_leaves_nothing(
        self, small: Place, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(_: int) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(BackupError, match="the disk is full"):
            small.back_up()
        assert not list(small.folder.glob("*.tar*")) + list(small.folder.glob(".*"))


def test_a_database_that_goes_away_leaves_nothing(
    small: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def leave(_: Database) -> None:
        raise ConnectionError

    monkeypatch.setattr(Database, "read", leave)
    with pytest.raises(BackupError):
        small.back_up()
    assert not list(small.folder.glob("*.tar*")) + list(small.folder.glob(".*"))
