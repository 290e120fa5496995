"""What was backed up is there again, on either backend and from one to the other."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from server.backup.restoring import EVENT_GAP
from server.storage import events, lifecycle, logs, runs
from server.storage.database import known_revisions, schema_is_current
from server.storage.states import RunStatus
from tests.server.backup.conftest import HEAD, MakePlace, Rows
from tests.support import schemas
from tests.support.runs import claim_run, get, make_run

BACKENDS = ["sqlite", "postgresql"]
WAS_RUNNING = "run_0000000000000000000000000a"
WAS_WAITING = "run_0000000000000000000000000f"
WAS_TO_BE_CANCELLED = "run_0000000000000000000000000e"
SETTLED = {
    "run": {
        "status",
        "reason",
        "detail",
        "worker_id",
        "lease_expires_at",
        "cancel_requested",
        "queued_at",
        "not_before",
        "woken_at",
        "finished_at",
    },
    "attempt": {"outcome", "reason", "finished_at"},
    "worker": {"stopped_at"},
}
"""Columns that change in a restore, because nobody who worked then works here."""


def unsettled(rows: Rows) -> Rows:
    """Rows without what a restore changes: of runs, only where one was running or woken."""
    return {
        table: [
            {name: value for name, value in row.items() if name not in SETTLED.get(table, ())}
            for row in found
        ]
        for table, found in rows.items()
        if table != "event"
    }


@pytest.mark.parametrize(
    ("here", "there", "name"),
    [
        ("sqlite", "sqlite", "backup.tar"),
        ("sqlite", "postgresql", "backup.tar.gz"),
        ("postgresql", "sqlite", "backup.tgz"),
        ("postgresql", "postgresql", "backup.tar"),
    ],
)
def test_every_row_and_file(make_place: MakePlace, here: str, there: str, name: str) -> None:
    place, other = make_place(here), make_place(there)
    place.fill()
    before = place.rows()

    other.restore(place.back_up(name))

    after = other.rows()
    assert schema_is_current(other.database)
    assert unsettled(after) == unsettled(before)
    ended = {row["id"]: row for row in before["run"] if row["status"] in ("succeeded", "failed")}
    assert ended
    assert {row["id"]: row for row in after["run"] if row["id"] in ended} == ended
    assert other.contents() == place.contents()
    assert place.rows() == before


def test_text_of_documents_is_kept_to_the_byte(make_place: MakePlace) -> None:
    place, other = make_place("postgresql"), make_place("sqlite")
    place.fill()
    written = '{"b" : 1.0, "a":  [null, 1e400, "\\u00fc"], "b": 2}'
    with place.database.write() as session:
        session.execute(
            text("UPDATE study SET document = CAST(:written AS json)"), {"written": written}
        )
        session.execute(text("UPDATE run SET progress = CAST('null' AS json)"))
    other.restore(place.back_up())
    with other.database.read() as session:
        documents = session.execute(text("SELECT DISTINCT document FROM study")).scalars().all()
        progress = session.execute(text("SELECT DISTINCT progress FROM run")).scalars().all()
    assert (documents, progress) == ([written], ["null"])


@pytest.mark.parametrize("revision", known_revisions()[:-1])
def test_a_backup_of_an_older_schema_is_brought_up_to_date(
    make_place: MakePlace, revision: str
) -> None:
    place, other = make_place("sqlite"), make_place("postgresql")
    place.fill(revision)
    assert not schema_is_current(place.database)

    manifest = other.restore(place.back_up())

    assert manifest.schema == revision
    assert schema_is_current(other.database)
    names = {row["name"] for row in other.rows()["run"]}
    assert names == {row["name"] for row in schemas.frozen(revision)["run"]}
    assert other.contents() == place.contents()


@pytest.mark.parametrize("backend", BACKENDS)
def test_nobody_who_worked_then_works_at_the_new_place(make_place: MakePlace, backend: str) -> None:
    place, other = make_place("sqlite"), make_place(backend)
    place.fill()
    other.restore(place.back_up())
    db = other.database

    assert get(db, WAS_TO_BE_CANCELLED).status == RunStatus.CANCELLED
    assert all(row["stopped_at"] for row in other.rows()["worker"])
    with db.read() as session:
        due = lifecycle.due_to_wake(session, again_seconds=10**9, limit=10)
        lost, newest = runs.attempts_of(session, WAS_RUNNING)
    assert due == [WAS_WAITING, WAS_RUNNING]
    run = get(db, WAS_RUNNING)
    assert (run.status, run.reason) == ("queued", "restored")
    assert "goes on from the checkpoint" in str(run.detail)
    assert (run.worker_id, run.lease_expires_at) == (None, None)
    assert (lost.reason, newest.outcome, newest.reason) == ("lost", "lost", "restored")
    assert newest.finished_at is not None
    assert claim_run(db, WAS_RUNNING) == 3


@pytest.mark.parametrize("backend", BACKENDS)
def test_numbers_go_on_after_the_highest(make_place: MakePlace, backend: str) -> None:
    place, other = make_place("sqlite"), make_place(backend)
    place.fill()
    other.restore(place.back_up())
    db, known = other.database, schemas.frozen(HEAD)
    run_id = make_run(db)
    attempt = claim_run(db, run_id)
    with db.write() as session:
        logs.append(session, run_id, attempt, ["one"])
    with db.read() as session:
        (line,) = logs.tail(session, run_id)
        first = events.after(session, 0)[0]
    assert line.id > max(row["id"] for row in known["log_line"])
    assert first.id > max(row["id"] for row in known["event"]) + EVENT_GAP
