"""Deleted is not gone: brought back until it is purged, and a purge takes what it lists alone."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, text, update

from server.errors import ConflictError, NotFoundError, StorageUnavailableError
from server.settings import Settings
from server.storage import artifacts, folded_models, lifecycle, logs, metrics, retention, runs
from server.storage import histograms as histogram_rows
from server.storage import studies as study_rows
from server.storage.artifact_files import ArtifactFiles
from server.storage.database import Database
from server.storage.models import Artifact, Base, FoldedModel, PurgedRun, Run, Study
from server.storage.states import RunStatus
from server.storage.sweep import sweep_everything
from tests.support.runs import get, make_run
from worker.purging import Purging

DAY = timedelta(days=1)


class Shop:
    """Runs with everything that a run can have, and their files."""

    def __init__(self, db: Database, folder: Path) -> None:
        self.db = db
        self.files = ArtifactFiles(str(folder / "artifacts"))
        self._local = folder / "local"

    def store(self, location: str) -> artifacts.StoredFile:
        self._local.write_text(location)
        return self.files.put(self._local, location)

    def succeeded(self, **given: Any) -> str:
        """Id of a run that left rows in every table, and two files."""
        run_id = make_run(self.db, **given)
        claimed: dict[str, Any] = {"worker_id": "w", "host": "h", "device": "cpu"}
        with self.db.write() as session:
            assert lifecycle.claim(session, run_id, lease_seconds=60, **claimed)
            metrics.write_metrics(session, run_id, [("loss", 1, 1, 0.5)], attempt=1)
            bins = histogram_rows.Bins("amplitude/a", 1, 1, 0.0, 1.0, [1])
            histogram_rows.write_histograms(session, run_id, [bins], attempt=1)
            logs.append(session, run_id, 1, ["a line"])
            for kind in ("weights", "onnx"):
                artifacts.record_artifact(
                    session,
                    run_id,
                    1,
                    kind=kind,
                    name=kind,
                    media_type="a/b",
                    stored=self.store(f"{run_id}/attempt-1/{kind}"),
                )
            folded_models.register(
                session, run_id, 1, name="m", verdict="exact", certificate={}, test_acc=0.5
            )
            lifecycle.succeed(session, run_id, 1)
        return run_id

    def study(self) -> str:
        with self.db.write() as session:
            return study_rows.create_study(
                session,
                name="s",
                experiment="e",
                document={},
                factors=[],
                metric="m",
                goal="maximize",
            ).id

    def delete(self, run_id: str, *, ago: timedelta = 2 * DAY) -> str:
        """Delete a run, so long ago."""
        with self.db.write() as session:
            runs.delete_run(session, run_id)
            run = session.get_one(Run, run_id)
            assert run.deleted_at is not None
            run.deleted_at -= ago
        return run_id

    def purge(self, older_than: timedelta = DAY) -> list[str]:
        """Ids of what was purged."""
        planned = retention.plan(self.db, older_than)
        return [gone.id for gone in retention.carry_out(self.db, self.files, planned)]

    def rows_of(self, run_id: str) -> dict[str, int]:
        """How many rows each table has of a run."""
        with self.db.read() as session:
            return {
                table.name: session.scalars(
                    select(func.count()).select_from(table).where(table.c.run_id == run_id)
                ).one()
                for table in Base.metadata.tables.values()
                if "run_id" in table.c
            }

    def stored(self) -> set[str]:
        """Locations of all files that lie in the store."""
        return {
            file.location for folder in self.files.folders() for file in self.files.find(folder)
        }


@pytest.fixture
def shop(db: Database, tmp_path: Path) -> Shop:
    return Shop(db, tmp_path)


class TestRestoreRun:
    def test_comes_back_with_its_model_and_files(self, shop: Shop) -> None:
        run_id = shop.succeeded()
        before, rows = get(shop.db, run_id), shop.rows_of(run_id)
        shop.delete(run_id)
        with shop.db.read() as session:
            assert folded_models.model_of_run(session, run_id) is None
        with shop.db.write() as session:
            assert runs.restore_run(session, run_id).id == run_id
        after = get(shop.db, run_id)
        assert (after.status, after.summary, after.deleted_at) == (
            before.status,
            before.summary,
            None,
        )
        without_events = {name: count for name, count in rows.items() if name != "event"}
        assert without_events.items() <= shop.rows_of(run_id).items()
        with shop.db.read() as session:
            assert folded_models.model_of_run(session, run_id) is not None
            for item in artifacts.artifacts_of(session, run_id):
                assert shop.files.exists(artifacts.get_artifact(session, item.id).location)

    def test_one_that_is_there_stays_as_it_is(self, shop: Shop) -> None:
        run_id = make_run(shop.db)
        with shop.db.write() as session:
            assert runs.restore_run(session, run_id).status == RunStatus.QUEUED

    def test_one_that_never_was_or_is_purged(self, shop: Shop) -> None:
        purged = shop.delete(shop.succeeded())
        shop.purge()
        for run_id in ("run_nowhere", purged):
            with pytest.raises(NotFoundError), shop.db.write() as session:
                runs.restore_run(session, run_id)

    def test_is_listed_until_then(self, shop: Shop) -> None:
        kept, deleted = make_run(shop.db), shop.delete(shop.succeeded())
        with shop.db.read() as session:
            assert [run.id for run in runs.list_runs(session).items] == [kept]
            assert [run.id for run in runs.list_runs(session, deleted=True).items] == [deleted]


class TestRestoreStudy:
    def test_comes_back_with_the_runs_that_were_deleted_with_it(self, shop: Shop) -> None:
        study_id = shop.study()
        kept, before = (shop.succeeded(study_id=study_id) for _ in range(2))
        shop.delete(before)
        with shop.db.write() as session:
            study_rows.delete_study(session, study_id)
        with shop.db.read() as session:
            assert study_rows.list_studies(session).total == 0
            deleted = study_rows.list_studies(session, deleted=True)
            assert [study.id for study in deleted.items] == [study_id]
        first = pytest.raises(ConflictError, match="restore the study first")
        with first, shop.db.write() as session:
            runs.restore_run(session, kept)
        for _ in range(2):  # a second time changes nothing
            with shop.db.write() as session:
                study_rows.restore_study(session, study_id)
        with shop.db.read() as session:
            assert [run.id for run in study_rows.runs_of_study(session, study_id)] == [kept]
            assert folded_models.model_of_run(session, kept) is not None
            assert folded_models.model_of_run(session, before) is None
        with shop.db.write() as session:
            assert runs.restore_run(session, before).deleted_at is None

    def test_one_that_never_was(self, shop: Shop) -> None:
        with pytest.raises(NotFoundError), shop.db.write() as session:
            study_rows.restore_study(session, "stu_nowhere")


class TestPlan:
    def test_lists_what_was_deleted_long_ago_with_its_files(self, shop: Shop) -> None:
        old, empty = shop.delete(shop.succeeded(name="old")), shop.delete(shop.succeeded())
        with shop.db.write() as session:
            session.execute(text("DELETE FROM artifact WHERE run_id = :run"), {"run": empty})
        shop.delete(shop.succeeded(), ago=timedelta())
        shop.succeeded()
        planned = retention.plan(shop.db, DAY)
        sizes = [len(f"{old}/attempt-1/{kind}") for kind in ("weights", "onnx")]
        assert [(run.id, run.artifacts, run.bytes) for run in planned.runs] == [
            (old, 2, sum(sizes)),
            (empty, 0, 0),
        ]
        assert (planned.runs[0].name, planned.studies) == ("old", [])
        assert (planned.artifacts, planned.bytes) == (2, sum(sizes))

    def test_a_study_goes_when_all_of_its_runs_do(self, shop: Shop) -> None:
        studies = [shop.study() for _ in range(3)]
        run_ids = [shop.succeeded(study_id=study_id) for study_id in studies]
        with shop.db.write() as session:
            for study_id in studies[:2]:
                study_rows.delete_study(session, study_id)
            old = {"deleted_at": retention.now(session) - 2 * DAY}
            session.execute(update(Study).where(Study.id.in_(studies[:2])).values(old))
            session.execute(update(Run).where(Run.id == run_ids[0]).values(old))
        planned = retention.plan(shop.db, DAY)
        assert [run.id for run in planned.runs] == run_ids[:1]
        assert [study.id for study in planned.studies] == studies[:1]


class TestPurge:
    def test_takes_rows_and_files_and_nothing_of_others(self, shop: Shop) -> None:
        run_id, other = shop.delete(shop.succeeded()), shop.succeeded()
        others = shop.rows_of(other)
        assert all(others.values())

        assert shop.purge() == [run_id]

        assert set(shop.rows_of(run_id).values()) == {0}
        assert shop.rows_of(other) == others
        assert shop.stored() == {f"{other}/attempt-1/{kind}" for kind in ("weights", "onnx")}
        with shop.db.read() as session:
            assert session.get(Run, run_id) is None
            assert session.scalars(select(func.count(FoldedModel.id))).one() == 1
        assert shop.purge() == []

    def test_what_was_brought_back_since_it_was_listed_stays(self, shop: Shop) -> None:
        run_id = shop.delete(shop.succeeded())
        planned = retention.plan(shop.db, DAY)
        with shop.db.write() as session:
            runs.restore_run(session, run_id)
        rows, stored = shop.rows_of(run_id), shop.stored()
        assert list(retention.carry_out(shop.db, shop.files, planned)) == []
        assert (shop.rows_of(run_id), shop.stored()) == (rows, stored)

    def test_what_was_deleted_since_it_was_listed_stays(self, shop: Shop) -> None:
        planned = retention.plan(shop.db, timedelta())
        run_id = shop.delete(shop.succeeded(), ago=timedelta())
        listed = retention.DeletedRun(run_id, "", planned.before, 0, 0)
        asked = retention.Purge(planned.before, [listed], [])
        assert list(retention.carry_out(shop.db, shop.files, asked)) == []
        assert shop.rows_of(run_id)["artifact"] == 2

    @pytest.mark.parametrize("status", [RunStatus.QUEUED, RunStatus.RUNNING, RunStatus.PAUSED])
    def test_an_open_run_is_never_touched(self, shop: Shop, status: RunStatus) -> None:
        run_id = shop.delete(shop.succeeded())
        planned = retention.plan(shop.db, DAY)
        with shop.db.write() as session:
            session.execute(update(Run).where(Run.id == run_id).values(status=status))
        assert list(retention.carry_out(shop.db, shop.files, planned)) == []
        assert retention.plan(shop.db, DAY).runs == []
        assert len(shop.stored()) == 2

    def test_a_file_that_another_run_names_stays(self, shop: Shop) -> None:
        run_id, other = shop.delete(shop.succeeded()), shop.succeeded()
        shared = f"{run_id}/attempt-1/onnx"
        with shop.db.write() as session:
            session.execute(
                update(Artifact).where(Artifact.run_id == other).values(location=shared)
            )
        assert shop.purge() == [run_id]
        assert shared in shop.stored()
        assert f"{run_id}/attempt-1/weights" not in shop.stored()

    def test_a_study_goes_after_its_runs(self, shop: Shop) -> None:
        study_id = shop.study()
        run_ids = [shop.succeeded(study_id=study_id) for _ in range(2)]
        with shop.db.write() as session:
            study_rows.delete_study(session, study_id)
        assert shop.purge(timedelta()) == [*run_ids, study_id]
        with shop.db.read() as session:
            assert session.get(Study, study_id) is None

    def test_a_study_of_which_a_run_was_brought_back_stays(self, shop: Shop) -> None:
        study_id = shop.study()
        run_id = shop.succeeded(study_id=study_id)
        with shop.db.write() as session:
            study_rows.delete_study(session, study_id)
        planned = retention.plan(shop.db, timedelta())
        with shop.db.write() as session:
            study_rows.restore_study(session, study_id)
        assert list(retention.carry_out(shop.db, shop.files, planned)) == []
        assert get(shop.db, run_id).study_id == study_id

    def test_an_end_between_rows_and_files_leaves_only_what_the_sweep_takes(
        self, shop: Shop, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class KilledError(BaseException):
            """A process ends here."""

        def die(*_: object) -> None:
            raise KilledError

        run_id = shop.delete(shop.succeeded())
        monkeypatch.setattr(retention, "sweep_purged", die)
        with pytest.raises(KilledError):
            shop.purge()
        assert set(shop.rows_of(run_id).values()) == {0}
        assert len(shop.stored()) == 2
        monkeypatch.undo()
        sweep_everything(shop.db, shop.files, after=DAY)
        assert shop.stored() == set()

    def test_an_end_inside_the_transaction_changes_nothing(
        self, shop: Shop, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*_: object) -> None:
            raise ZeroDivisionError

        run_id = shop.delete(shop.succeeded())
        rows = shop.rows_of(run_id)
        monkeypatch.setattr(retention, "bury", fail)
        with pytest.raises(ZeroDivisionError):
            shop.purge()
        assert (shop.rows_of(run_id), len(shop.stored())) == (rows, 2)

    def test_nothing_goes_while_the_file_store_is_away(self, shop: Shop, tmp_path: Path) -> None:
        run_id = shop.delete(shop.succeeded())
        (tmp_path / "file").touch()
        shop.files = ArtifactFiles(str(tmp_path / "file" / "artifacts"))
        with pytest.raises(StorageUnavailableError):
            shop.purge()
        assert shop.rows_of(run_id)["artifact"] == 2


class TestByItself:
    @pytest.fixture
    def settings(self, tmp_path: Path) -> Settings:
        return Settings(home=tmp_path, retention_days=1)

    def test_one_run_a_step(self, shop: Shop, settings: Settings) -> None:
        gone = [shop.delete(shop.succeeded()) for _ in range(2)]
        kept = shop.delete(shop.succeeded(), ago=timedelta())
        purging = Purging(settings, shop.db)
        left = []
        for _ in range(4):
            purging.step()
            with shop.db.read() as session:
                left.append(runs.list_runs(session, deleted=True).total)
        assert left == [3, 2, 1, 1]
        with shop.db.read() as session:
            assert session.scalars(select(PurgedRun.id).order_by(PurgedRun.id)).all() == gone
        assert {location.split("/")[0] for location in shop.stored()} == {kept}

    def test_never_with_retention_0(self, shop: Shop, settings: Settings) -> None:
        shop.delete(shop.succeeded())
        purging = Purging(settings.model_copy(update={"retention_days": 0.0}), shop.db)
        for _ in range(3):
            purging.step()
        assert len(shop.stored()) == 2

    def test_an_outage_is_logged_and_waited_out(
        self, shop: Shop, settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        shop.delete(shop.succeeded())
        (tmp_path / "file").touch()
        away = settings.model_copy(update={"artifacts_url": str(tmp_path / "file" / "artifacts")})
        purging = Purging(away, shop.db)
        for _ in range(3):
            purging.step()
        assert [record.levelname for record in caplog.records] == ["WARNING"]
        assert "cannot purge what was deleted" in caplog.text
        assert len(shop.stored()) == 2
