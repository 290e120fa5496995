"""What people write on runs and studies, and what they find again by it."""

from __future__ import annotations

from typing import Any

import pytest

from server.errors import ConflictError, NotFoundError
from server.storage import edits, events, experiments, runs, studies
from server.storage.database import Database
from server.storage.edits import Edit, TagEdit
from server.storage.states import RunStatus
from tests.support.runs import claim_run, get, make_run, run_in
from tests.support.studies import make_study


def edit(db: Database, run_id: str, tags: TagEdit | None = None, **fields: Any) -> None:
    with db.write() as session:
        edits.edit_run(session, run_id, Edit(**fields), tags)


def edit_study(db: Database, study_id: str, **fields: Any) -> None:
    with db.write() as session:
        edits.edit_study(session, study_id, Edit(**fields))


def listed(db: Database, **asked: Any) -> list[str]:
    """Runs, oldest first."""
    with db.read() as session:
        return [run.id for run in runs.list_runs(session, **asked).items][::-1]


def listed_studies(db: Database, **asked: Any) -> list[str]:
    with db.read() as session:
        return [study.id for study in studies.list_studies(session, **asked).items][::-1]


class TestRuns:
    def test_what_is_given_changes_and_nothing_else(self, db: Database) -> None:
        run_id = make_run(db, name="old", tags=["a"])
        attempt = claim_run(db, run_id)
        edit(db, run_id, name="new", notes="**why**")
        edit(db, run_id, experiment="paper")
        run = get(db, run_id)
        assert (run.name, run.notes, run.experiment, run.tags) == ("new", "**why**", "paper", ["a"])
        assert (run.status, run.attempt, run.archived_at) == (RunStatus.RUNNING, attempt, None)
        edit(db, run_id, notes="")
        assert get(db, run_id).notes is None

    def test_tags_are_put_added_and_taken_away(self, db: Database) -> None:
        run_id = make_run(db, tags=["a", "b"])
        edit(db, run_id, TagEdit(add=["c", "a"], remove=["b", "none"]))
        assert get(db, run_id).tags == ["a", "c"]
        edit(db, run_id, TagEdit(instead=["x", "x"], add=["y"]))
        assert get(db, run_id).tags == ["x", "y"]
        with pytest.raises(ConflictError, match="would have 51 tags, the limit is 50"):
            edit(db, run_id, TagEdit(add=[str(number) for number in range(49)]))
        assert get(db, run_id).tags == ["x", "y"]

    def test_a_change_is_told(self, db: Database) -> None:
        run_id = make_run(db)
        with db.read() as session:
            before = events.newest_id(session)
        edit(db, run_id, name="new")
        with db.read() as session:
            (event,) = events.after(session, before)
        assert (event.kind, event.run_id, event.data["name"]) == ("run", run_id, "new")
        assert "was" not in event.data

    def test_one_that_is_not_there(self, db: Database) -> None:
        with pytest.raises(NotFoundError):
            edit(db, "run_none", name="new")


class TestStudies:
    def test_its_document_and_its_runs_follow(self, db: Database) -> None:
        study_id = make_study(db, document={"name": "s", "experiment": "e", "seeds": [0]})
        run_id = make_run(db, study_id=study_id, experiment="e", name="s seed=0")
        edit_study(db, study_id, name="t", experiment="paper", notes="n")
        with db.read() as session:
            study = studies.get_study(session, study_id)
        assert (study.name, study.experiment, study.notes) == ("t", "paper", "n")
        assert study.document == {"name": "t", "experiment": "paper", "seeds": [0]}
        assert (get(db, run_id).experiment, get(db, run_id).name) == ("paper", "s seed=0")

    def test_a_change_is_told(self, db: Database) -> None:
        study_id = make_study(db)
        run_in(db, RunStatus.SUCCEEDED, study_id=study_id)
        with db.read() as session:
            before = events.newest_id(session)
        edit_study(db, study_id, notes="n")
        with db.read() as session:
            (event,) = events.after(session, before)
        assert (event.study_id, event.data) == (study_id, {"status": "finished"})


class TestArchive:
    def test_lists_leave_it_out_until_it_is_shown_again(self, db: Database) -> None:
        kept, put_away = make_run(db), make_run(db)
        edit(db, put_away, archived=True)
        since = get(db, put_away).archived_at
        edit(db, put_away, archived=True)
        assert get(db, put_away).archived_at == since
        assert listed(db) == [kept]
        assert listed(db, archived=True) == [put_away]
        assert listed(db, archived=None) == [kept, put_away]
        edit(db, put_away, archived=False)
        assert listed(db) == [kept, put_away]

    def test_runs_go_with_their_study(self, db: Database) -> None:
        study_id, other = make_study(db), make_study(db)
        run_id, kept = make_run(db, study_id=study_id), make_run(db, study_id=other)
        edit_study(db, study_id, archived=True)
        assert listed_studies(db) == [other]
        assert listed_studies(db, archived=True) == [study_id]
        assert listed_studies(db, archived=None) == [study_id, other]
        assert listed(db) == [kept]
        assert listed(db, archived=True) == [run_id]
        with db.read() as session:
            assert [run.id for run in studies.runs_of_study(session, study_id)] == [run_id]


SPELLINGS = [
    "granularity",
    "GRANU",
    "channel granularity",
    "überlauf",
    "ÜBERLAUF",
    "paper",
    "Digits",
    "50 %",
    "a_b",
    r"c:\d",
]


class TestSearch:
    def test_every_word_in_some_field_in_either_case(self, db: Database) -> None:
        wanted = make_run(
            db, name="Granularity=channel 50 %", experiment="digits", tags=["paper", "Überlauf"]
        )
        edit(db, wanted, notes="Saw a_B and C:\\d")
        make_run(db, name="500 gran ularity aXb", experiment="other", tags=["Ueberlauf", "pap"])
        missed = [text for text in SPELLINGS if listed(db, text=text) != [wanted]]
        assert missed == []

    def test_the_same_in_studies(self, db: Database) -> None:
        wanted = make_study(
            db,
            name="Granularity=channel 50 %",
            experiment="digits",
            document={"tags": ["paper", "Überlauf"]},
        )
        edit_study(db, wanted, notes="Saw a_B and C:\\d")
        make_study(db, name="500 gran ularity aXb", document={"tags": ["Ueberlauf", "pap"]})
        make_study(db, name="without tags")
        missed = [text for text in SPELLINGS if listed_studies(db, text=text) != [wanted]]
        assert missed == []

    def test_all_words_have_to_be_there(self, db: Database) -> None:
        make_run(db, name="channel")
        assert listed(db, text="channel element") == []
        assert len(listed(db, text="  ")) == 1

    def test_ids_and_starts_and_ends_of_them(self, db: Database) -> None:
        wanted = make_run(db, name="-", experiment="-")  # an id's letters are in no other field
        make_run(db, name="-", experiment="-")
        bare = wanted.removeprefix("run_")
        for text in (wanted, wanted.upper(), bare, wanted[-8:]):
            assert listed(db, text=text) == [wanted]
        assert len(listed(db, text=wanted[:9])) == 2
        assert listed(db, text=bare[10:20]) == []
        assert listed(db, text="run_") != []
        assert listed(db, text=bare[-1]) == []

    def test_runs_by_the_name_of_their_study(self, db: Database) -> None:
        study_id = make_study(db, name="Sweep of widths")
        run_id = make_run(db, study_id=study_id, name="trial 1")
        make_run(db, name="trial 2")
        assert listed(db, text="widths trial") == [run_id]

    def test_words_are_never_sql(self, db: Database) -> None:
        make_run(db)
        assert listed(db, text="' OR 1=1 -- ") == []
        assert listed(db, text="%") == []
        assert listed(db, text="_") == []

    def test_with_everything_else_that_can_be_asked(self, db: Database) -> None:
        run_id = run_in(db, RunStatus.FAILED, name="wanted", experiment="e")
        make_run(db, name="wanted", experiment="e")
        assert listed(db, text="wanted", status=[RunStatus.FAILED], experiment="e") == [run_id]
        edit(db, run_id, archived=True)
        assert listed(db, text="wanted", status=[RunStatus.FAILED]) == []
        assert listed(db, text="wanted", archived=True) == [run_id]


class TestExperiments:
    def test_runs_and_studies_by_status(self, db: Database) -> None:
        study_id = make_study(db, experiment="first")
        run_in(db, RunStatus.SUCCEEDED, experiment="first", study_id=study_id)
        run_in(db, RunStatus.FAILED, experiment="first")
        make_run(db, experiment="second")
        make_study(db, experiment="third")
        with db.read() as session:
            found = experiments.list_experiments(session)
        assert [(each.name, each.runs, each.studies) for each in found] == [
            ("third", {}, {"finished": 1}),
            ("second", {"queued": 1}, {}),
            ("first", {"failed": 1, "succeeded": 1}, {"finished": 1}),
        ]

    def test_the_newest_activity_is_first(self, db: Database) -> None:
        early = make_run(db, experiment="early")
        make_run(db, experiment="late")
        claim_run(db, early)
        with db.read() as session:
            found = experiments.list_experiments(session)
        assert [each.name for each in found] == ["early", "late"]
        assert found[0].active_at == get(db, early).started_at

    def test_what_is_gone_or_put_away_is_not_counted(self, db: Database) -> None:
        put_away, gone = make_run(db), run_in(db, RunStatus.FAILED)
        edit(db, put_away, archived=True)
        with db.write() as session:
            runs.delete_run(session, gone)
        edit_study(db, make_study(db), archived=True)
        with db.read() as session:
            assert experiments.list_experiments(session) == []
