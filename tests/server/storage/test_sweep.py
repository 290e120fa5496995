from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import fsspec
import pytest
from sqlalchemy import update

from server.errors import StorageUnavailableError
from server.storage import artifacts, lifecycle, own_files, retention, runs, sweep
from server.storage.artifact_files import ArtifactFiles, FoundFile
from server.storage.database import Database, now
from server.storage.models import Attempt, PurgedRun
from tests.support.runs import claim_run, get, make_run

AFTER = timedelta(seconds=600)
LONG_AGO = timedelta(days=3)


class Store:
    """A database and a store with real files."""

    def __init__(self, db: Database, files: ArtifactFiles, folder: Path) -> None:
        self.db = db
        self.files = files
        self._source = folder / "source"
        self._source.write_bytes(b"content")

    def put(self, location: str) -> str:
        """A file that is recorded nowhere; its location."""
        return self.files.put(self._source, location).location

    def record(self, run_id: str, attempt: int, name: str) -> str:
        """A file that is recorded; its location."""
        stored = self.files.put(self._source, f"{run_id}/attempt-{attempt}/{name}")
        with self.db.write() as session:
            artifacts.record_artifact(
                session,
                run_id,
                attempt,
                kind="checkpoint",
                name=name,
                media_type="application/octet-stream",
                stored=stored,
                step=1,
            )
        return stored.location

    def hand_back(self, run_id: str, attempt: int, *, ago: timedelta = AFTER * 2) -> None:
        """End an attempt, some time ago."""
        with self.db.write() as session:
            lifecycle.hand_back(session, run_id, attempt, reason="drained")
            key = (Attempt.run_id == run_id) & (Attempt.number == attempt)
            moment = now(session) - ago
            session.execute(update(Attempt).where(key).values(finished_at=moment))

    def bury(self, run_id: str, *, ago: timedelta = timedelta()) -> None:
        """Note that a run was purged, some time ago."""
        with self.db.write() as session:
            sweep.bury(session, run_id)
            session.execute(update(PurgedRun).values(purged_at=now(session) - ago))

    def there(self) -> list[str]:
        """Locations of everything in the store."""
        return [file.location for run in self.files.folders() for file in self.files.find(run)]

    def sweep(self) -> list[str]:
        return sweep.sweep_ended(self.db, self.files, after=AFTER)

    def sweep_everything(self) -> sweep.Swept:
        return sweep.sweep_everything(self.db, self.files, after=AFTER)


@pytest.fixture(params=["folder", "object store"])
def store(request: pytest.FixtureRequest, db: Database, tmp_path: Path) -> Iterator[Store]:
    if request.param == "folder":
        yield Store(db, ArtifactFiles(str(tmp_path / "artifacts")), tmp_path)
        return
    yield Store(db, ArtifactFiles(f"memory://{secrets.token_hex(4)}/prefix"), tmp_path)
    fsspec.filesystem("memory").store.clear()


def test_what_an_ended_attempt_left_unrecorded_goes(store: Store) -> None:
    run_id = make_run(store.db)
    claim_run(store.db, run_id)
    kept = store.record(run_id, 1, "checkpoint-10.safetensors")
    orphan = store.put(f"{run_id}/attempt-1/checkpoint-20.safetensors")
    store.hand_back(run_id, 1)

    assert store.sweep() == [orphan]

    assert store.there() == [kept]
    assert store.sweep() == []


def test_an_attempt_at_work_or_just_ended_keeps_all_its_files(store: Store) -> None:
    run_id = make_run(store.db)
    claim_run(store.db, run_id)
    first = store.put(f"{run_id}/attempt-1/checkpoint-10.safetensors")
    store.hand_back(run_id, 1, ago=AFTER / 2)
    claim_run(store.db, run_id)
    second = store.put(f"{run_id}/attempt-2/checkpoint-20.safetensors")

    assert store.sweep() == []
    assert store.sweep_everything().deleted == []
    assert sweep.sweep_attempt(store.db, store.files, run_id, 2) == []
    assert store.there() == [first, second]


def test_a_later_end_of_the_run_takes_what_an_earlier_look_had_to_leave(store: Store) -> None:
    run_id = make_run(store.db)
    claim_run(store.db, run_id)
    checkpoint = store.record(run_id, 1, "checkpoint-10.safetensors")
    store.hand_back(run_id, 1)
    assert store.sweep() == []
    claim_run(store.db, run_id)
    with store.db.write() as session:
        (known,) = artifacts.latest_checkpoints(session, run_id)
        artifacts.drop_artifact(session, run_id, 2, known.id)

    store.hand_back(run_id, 2)

    assert store.sweep() == [checkpoint]


def test_an_outage_leaves_the_rest_to_the_next_time(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = make_run(store.db)
    claim_run(store.db, run_id)
    orphan = store.put(f"{run_id}/attempt-1/weights.safetensors")
    store.hand_back(run_id, 1)

    def away(_: str) -> None:
        raise StorageUnavailableError("the store is away")

    with monkeypatch.context() as patch:
        patch.setattr(store.files, "delete", away)
        with pytest.raises(StorageUnavailableError):
            store.sweep()

    assert store.sweep() == [orphan]


def test_a_zombies_late_upload_is_found_by_a_look_at_everything(store: Store) -> None:
    run_id = make_run(store.db)
    claim_run(store.db, run_id)
    store.hand_back(run_id, 1)
    store.sweep()
    late = store.put(f"{run_id}/attempt-1/checkpoint-20.safetensors")

    assert store.sweep() == []
    assert store.sweep_everything().deleted == [late]
    assert store.there() == []


def test_a_superseded_attempt_sweeps_after_itself(store: Store) -> None:
    run_id = make_run(store.db)
    claim_run(store.db, run_id)
    recorded = store.record(run_id, 1, "checkpoint-10.safetensors")
    store.hand_back(run_id, 1, ago=timedelta())
    claim_run(store.db, run_id)
    own = store.put(f"{run_id}/attempt-1/checkpoint-20.safetensors")
    others = store.put(f"{run_id}/attempt-2/checkpoint-20.safetensors")

    assert sweep.sweep_attempt(store.db, store.files, run_id, 1) == [own]
    assert store.there() == [recorded, others]


def test_files_of_scripts_go_only_when_they_are_old(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = make_run(store.db)
    store.put(own_files.new_key(run_id))
    assert store.sweep_everything().deleted == []

    find = store.files.find

    def found_long_ago(folder: str) -> list[FoundFile]:
        return [FoundFile(file.location, file.modified - LONG_AGO) for file in find(folder)]

    monkeypatch.setattr(store.files, "find", found_long_ago)
    assert len(store.sweep_everything().deleted) == 1
    assert store.there() == []


def test_runs_that_are_not_known_are_named_and_left_alone(store: Store) -> None:
    other = store.put("run_0another0service0s/attempt-1/weights.safetensors")
    store.put("data/of/somebody")

    swept = store.sweep_everything()

    assert (swept.deleted, swept.unknown) == ([], ["run_0another0service0s"])
    assert other in store.there()


def test_all_files_of_a_purged_run_go_but_what_another_run_refers_to(store: Store) -> None:
    keeper, purged = make_run(store.db), "run_0purged"
    claim_run(store.db, keeper)
    shared = store.record(keeper, 1, "shared")
    with store.db.write() as session:
        (artifact,) = artifacts.artifacts_of(session, keeper)
        artifact.location = store.put(f"{purged}/attempt-1/shared")
    store.files.delete(shared)
    orphans = [store.put(f"{purged}/attempt-1/{name}") for name in ("a", "b")]
    store.put(f"{purged}/own/file_1")
    store.bury(purged, ago=LONG_AGO)

    assert sweep.sweep_purged(store.db, store.files, purged)[:2] == orphans

    assert store.there() == [f"{purged}/attempt-1/shared"]
    assert store.sweep_everything().deleted == []


def test_a_purged_run_is_forgotten_when_nothing_is_left_of_it(store: Store) -> None:
    orphan = store.put("run_0purged/attempt-1/weights")
    store.bury("run_0purged", ago=LONG_AGO)

    assert store.sweep_everything().deleted == [orphan]

    with store.db.read() as session:
        assert session.get(PurgedRun, "run_0purged") is None


def test_only_a_purged_run_is_swept_as_one(store: Store) -> None:
    run_id = make_run(store.db)
    location = store.put(f"{run_id}/attempt-1/weights")

    assert sweep.sweep_purged(store.db, store.files, run_id) == []
    assert store.there() == [location]


def test_a_half_written_copy_goes_too(db: Database, tmp_path: Path) -> None:
    store = Store(db, ArtifactFiles(str(tmp_path / "artifacts")), tmp_path)
    run_id = make_run(db)
    claim_run(db, run_id)
    kept = store.record(run_id, 1, "checkpoint-10.safetensors")
    half = tmp_path / "artifacts" / run_id / "attempt-1" / ".checkpoint-20.safetensors.0a1b2c3d"
    half.write_bytes(b"cut")
    store.hand_back(run_id, 1)

    assert store.sweep() == [os.path.relpath(half, tmp_path / "artifacts")]
    assert store.there() == [kept]


def test_what_was_looked_over_is_noted(store: Store) -> None:
    run_id = make_run(store.db)
    claim_run(store.db, run_id)
    store.hand_back(run_id, 1)
    store.sweep()

    with store.db.read() as session:
        assert session.get_one(Attempt, (run_id, 1)).swept_at is not None
    assert get(store.db, run_id).attempt == 1


def test_a_purge_takes_what_was_never_recorded_with_it(store: Store) -> None:
    run_id = make_run(store.db)
    claim_run(store.db, run_id)
    store.record(run_id, 1, "checkpoint-10.safetensors")
    store.put(f"{run_id}/attempt-1/checkpoint-20.safetensors")
    with store.db.write() as session:
        lifecycle.fail(session, run_id, 1, reason="loss_not_finite", detail="NaN")
        runs.delete_run(session, run_id)

    planned = retention.plan(store.db, timedelta())
    purged = list(retention.carry_out(store.db, store.files, planned))

    assert [each.id for each in purged] == [run_id]
    assert store.there() == []
