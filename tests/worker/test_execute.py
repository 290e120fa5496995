"""One attempt in this process, on stores that fail or give the run to somebody else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rscore.spec import RunSpec
from server.errors import StorageUnavailableError
from server.settings import Settings
from server.storage import artifacts, lifecycle, logs
from server.storage.artifacts import ArtifactFiles, StoredFile
from server.storage.database import Database
from server.storage.models import Artifact, Attempt
from server.storage.runs import attempts_of
from server.storage.states import RunStatus
from tests.support.runs import claim_run, get, make_run
from tests.worker.plant import SMALL
from worker.execute import Bench, look_at_run
from worker.machine import Machine

FULL = OSError(28, "No space left on device")
MODEL_FILE = "weights.safetensors"


class WatchedFiles(ArtifactFiles):
    """A file store that asks `before` about each file that is to be put."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.before: Callable[[str], None] = lambda _: None

    def put(self, local: Path, key: str, *, allow: Callable[[], None] | None = None) -> StoredFile:
        try:
            self.before(Path(key).name)
        except OSError as error:
            raise StorageUnavailableError(f"cannot store {key}: {error}") from error
        return super().put(local, key, allow=allow)


class Place:
    """A worker's process, without a worker."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.files = WatchedFiles(str(folder / "artifacts"))
        scratch = folder / "scratch"
        scratch.mkdir()
        self._bench = Bench(
            settings=Settings(
                home=folder / "home", database_url=str(database.engine.url), heartbeat_seconds=0.1
            ),
            machine=Machine(worker_id="w", host="h", gpus=0, slots=1, device="cpu"),
            device="cpu",
            database=database,
            files=self.files,
            scratch=scratch,
        )
        spec = RunSpec(**SMALL, epochs=2)
        self.run_id = make_run(
            database, spec=spec.model_dump(mode="json"), spec_digest=spec.digest()
        )

    def try_it(self) -> None:
        look_at_run(self.run_id, self._bench)

    def log(self) -> str:
        with self.database.read() as session:
            return "\n".join(line.text for line in logs.tail(session, self.run_id))

    def attempts(self) -> list[Attempt]:
        with self.database.read() as session:
            return attempts_of(session, self.run_id)

    def artifacts(self) -> list[Artifact]:
        with self.database.read() as session:
            return artifacts.artifacts_of(session, self.run_id)

    def hand_over(self) -> None:
        """Let another attempt own the run."""
        with self.database.write() as session:
            lifecycle.hand_back(session, self.run_id, 1, reason="drained")
        claim_run(self.database, self.run_id)


@pytest.fixture
def place(sqlite_url: str, tmp_path: Path) -> Iterator[Place]:
    database = Database(sqlite_url)
    yield Place(database, tmp_path)
    database.close()


def failing(name: str, times: int) -> Callable[[str], None]:
    """A store without room for a file, the first so many times."""
    left = [times]

    def before(key: str) -> None:
        if name in key and left[0]:
            left[0] -= 1
            raise FULL

    return before


def test_a_full_store_is_waited_out_before_the_model_is_published(place: Place) -> None:
    place.files.before = failing(MODEL_FILE, times=2)

    place.try_it()

    assert get(place.database, place.run_id).status == RunStatus.SUCCEEDED, place.log()
    assert "No space left on device; trying again for 300 s" in place.log()


def test_a_store_that_stays_full_fails_the_run_with_its_checkpoint_kept(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.execute.PUBLISH_SECONDS", 0.0)
    place.files.before = failing(MODEL_FILE, times=100)

    place.try_it()

    run = get(place.database, place.run_id)
    assert (run.status, run.reason) == (RunStatus.FAILED, "disk_full"), place.log()
    assert "then retry: the run goes on from its last checkpoint" in str(run.detail)
    assert [item.step for item in place.artifacts()] == [6, 12]


def test_a_training_goes_on_without_a_checkpoint_that_finds_no_room(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.checkpoints.STORE_SECONDS", 0.0)
    place.files.before = failing("checkpoint", times=2)

    place.try_it()

    assert get(place.database, place.run_id).status == RunStatus.SUCCEEDED, place.log()
    assert place.log().count("was not stored: ") == 2


def test_a_training_goes_on_when_its_own_disk_has_no_room_for_a_checkpoint(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rscore import checkpoint

    save = checkpoint.save

    def cramped(saved: checkpoint.Checkpoint, path: Path) -> None:
        if saved.position.epoch == 1:
            raise FULL
        save(saved, path)

    monkeypatch.setattr(checkpoint, "save", cramped)

    place.try_it()

    assert get(place.database, place.run_id).status == RunStatus.SUCCEEDED, place.log()
    assert "the checkpoint of step 6 found no room" in place.log()


def test_a_worker_s_disk_that_fills_up_while_exporting_is_waited_out(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    import rscore.finish

    finish = rscore.finish.finish
    tries: list[int] = []

    def cramped(*args: object) -> object:
        tries.append(1)
        if len(tries) < 3:
            raise RuntimeError("I/O error: No space left on device (os error 28)")
        return finish(*args)  # type: ignore[arg-type]

    monkeypatch.setattr("rscore.finish.finish", cramped)

    place.try_it()

    assert get(place.database, place.run_id).status == RunStatus.SUCCEEDED, place.log()
    assert "no room for the model: I/O error" in place.log()


def test_a_run_cancelled_while_it_waits_for_room_ends_as_cancelled(place: Place) -> None:
    def before(key: str) -> None:
        if key == MODEL_FILE:
            with place.database.write() as session:
                run = lifecycle.lock_run(session, place.run_id)
                run.cancel_requested = True
            raise FULL

    place.files.before = before

    place.try_it()

    assert get(place.database, place.run_id).status == RunStatus.CANCELLED, place.log()


@pytest.mark.parametrize("moment", ["checkpoint-6.safetensors", MODEL_FILE])
def test_an_attempt_that_lost_its_run_leaves_nothing_and_is_noted(
    place: Place, moment: str
) -> None:
    def before(key: str) -> None:
        if key == moment and len(place.attempts()) == 1:
            place.hand_over()

    place.files.before = before

    place.try_it()

    first, second = place.attempts()
    assert (first.refused, second.refused) == (1, 0)
    assert get(place.database, place.run_id).attempt == 2
    recorded = [item.location for item in place.artifacts()]
    assert [file.location for file in place.files.find(place.run_id)] == sorted(recorded)
