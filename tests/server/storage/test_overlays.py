"""Curves of many runs, prepared and read as they are."""

from __future__ import annotations

import math
import sqlite3
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import delete, select, update

from server.storage.curves import FINEST, read_curves
from server.storage.database import Database
from server.storage.events import newest_id
from server.storage.metrics import write_metrics
from server.storage.models import Event, Metric
from server.storage.overlays import Overlays
from server.storage.prepared_curves import PreparedCurves
from server.storage.states import RunStatus
from tests.support.runs import run_in

NAMES = ["loss", "acc"]
MANY = 3 * FINEST


@pytest.fixture
def prepared(tmp_path: Path) -> PreparedCurves:
    return PreparedCurves(tmp_path / "home" / "curves.db")


@pytest.fixture
def overlays(db: Database, prepared: PreparedCurves) -> Overlays:
    return Overlays(db, prepared)


def ended_run(db: Database, *, points: int = 5) -> str:
    run_id = run_in(db, RunStatus.SUCCEEDED)
    write(db, run_id, [(step, math.sin(step)) for step in range(points)])
    return run_id


def write(db: Database, run_id: str, points: list[tuple[int, float]], name: str = "loss") -> None:
    with db.write() as session:
        rows = [(name, step, step // 10 if step % 2 else None, value) for step, value in points]
        write_metrics(session, run_id, rows, attempt=None)


def values(overlays: Overlays, run_id: str, name: str = "loss") -> list[float]:
    found: list[float] = (
        overlays.read([run_id], NAMES, seconds=60).curves[run_id, name].values.tolist()
    )
    return found


def prepared_names(prepared: PreparedCurves, run_id: str) -> set[str]:
    return {name for _, name in prepared.find([run_id], NAMES)}


def change_silently(db: Database, run_id: str, value: float) -> None:
    """As nobody does: so it shows whether the prepared curve is used."""
    with db.write() as session:
        session.execute(update(Metric).where(Metric.run_id == run_id).values(value=value))


def test_the_same_whether_prepared_or_not(db: Database, overlays: Overlays) -> None:
    run_id = ended_run(db, points=MANY)
    overlays.follow()
    first = overlays.read([run_id], NAMES, seconds=60).curves
    again = overlays.read([run_id], NAMES, seconds=60).curves
    with db.read() as session:
        direct = read_curves(session, run_id, NAMES)
    for name in NAMES:
        for found in (first[run_id, name], again[run_id, name]):
            for column in ("steps", "values", "epochs"):
                np.testing.assert_array_equal(getattr(found, column), getattr(direct[name], column))
            assert found.total == direct[name].total == (MANY if name == "loss" else 0)


def test_thinned_keeps_ends_and_extremes(db: Database, overlays: Overlays) -> None:
    run_id = ended_run(db, points=MANY)
    write(db, run_id, [(1234, 9.0), (2345, -9.0)])
    curve = overlays.read([run_id], NAMES, seconds=60).curves[run_id, "loss"]
    assert len(curve.steps) <= FINEST
    for most in (FINEST, 300, 10):
        few = curve.thinned(most)
        assert len(few.steps) <= most
        assert (few.steps[0], few.steps[-1]) == (0, MANY - 1)
        assert {9.0, -9.0} <= set(few.values.tolist())
        assert few.total == MANY


def test_an_ended_run_is_prepared_when_it_is_shown(db: Database, overlays: Overlays) -> None:
    run_id = ended_run(db)
    overlays.follow()
    before = values(overlays, run_id)
    change_silently(db, run_id, 7.0)
    assert values(overlays, run_id) == before


def test_what_is_written_later_shows_at_once(db: Database, overlays: Overlays) -> None:
    run_id = ended_run(db)
    overlays.follow()
    values(overlays, run_id)
    write(db, run_id, [(2, 42.0)])
    assert 42.0 in values(overlays, run_id)
    write(db, run_id, [(2, 43.0)])
    overlays.follow()
    assert 43.0 in values(overlays, run_id)
    write(db, run_id, [(0, 0.5)], name="acc")
    assert values(overlays, run_id, "acc") == [0.5]


def test_a_running_run_is_read_as_it_is(db: Database, overlays: Overlays) -> None:
    run_id = run_in(db, RunStatus.RUNNING)
    with db.write() as session:
        write_metrics(session, run_id, [("loss", 1, None, 1.0)], attempt=1)
    overlays.follow()
    assert values(overlays, run_id) == [1.0]
    change_silently(db, run_id, 2.0)
    assert values(overlays, run_id) == [2.0]


def test_runs_that_ended_are_to_be_prepared(
    db: Database, overlays: Overlays, prepared: PreparedCurves
) -> None:
    overlays.follow()
    run_in(db, RunStatus.RUNNING)
    assert overlays.follow() == []
    run_id = ended_run(db)
    assert overlays.follow() == [run_id]
    overlays.prepare(run_id)
    assert prepared_names(prepared, run_id) == {"loss"}
    assert overlays.follow() == []
    write(db, run_id, [(1, 1.0)])
    assert overlays.follow() == [run_id]
    assert not prepared_names(prepared, run_id)


def test_what_was_read_before_the_log_went_on_is_not_kept(
    db: Database, overlays: Overlays, prepared: PreparedCurves
) -> None:
    run_id = ended_run(db)
    overlays.follow()
    with db.read() as session:
        curves, event_id = read_curves(session, run_id), newest_id(session)
    write(db, run_id, [(2, 42.0)])
    overlays.follow()
    prepared.keep(run_id, curves.values(), event_id=event_id)
    assert 42.0 in values(overlays, run_id)


@pytest.mark.parametrize("fault", ["pruned", "another"])
def test_without_the_log_nothing_prepared_is_used(
    db: Database, overlays: Overlays, fault: str
) -> None:
    run_id = ended_run(db)
    overlays.follow()
    values(overlays, run_id)
    change_silently(db, run_id, 7.0)
    with db.write() as session:
        if fault == "pruned":
            session.execute(delete(Event))
        else:
            moment = session.scalars(select(Event.created_at).order_by(Event.id)).first()
            newest = Event.id == newest_id(session)
            session.execute(update(Event).where(newest).values(created_at=moment))
    assert set(values(overlays, run_id)) == {7.0}


def test_after_so_long_the_rest_is_pending(db: Database, overlays: Overlays) -> None:
    runs = [ended_run(db) for _ in range(3)]
    overlays.follow()
    first = overlays.read(runs, NAMES, seconds=-1)
    assert {run_id for run_id, _ in first.curves} == {runs[0]}
    assert first.pending == runs[1:]
    overlays.read(first.pending, NAMES, seconds=-1)
    last = overlays.read(runs, NAMES, seconds=-1)
    assert not last.pending
    assert {run_id for run_id, _ in last.curves} == set(runs)


def test_a_damaged_file_is_made_anew(
    db: Database, tmp_path: Path, overlays: Overlays, caplog: pytest.LogCaptureFixture
) -> None:
    run_id = ended_run(db)
    overlays.follow()
    before = values(overlays, run_id)
    for file in (tmp_path / "home").iterdir():
        file.write_bytes(b"no database at all" * 1000)
    assert values(overlays, run_id) == before
    assert "damaged" in caplog.text
    overlays.follow()
    values(overlays, run_id)
    change_silently(db, run_id, 7.0)
    assert values(overlays, run_id) == before


def test_a_place_that_cannot_be_written_costs_only_time(
    db: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    overlays = Overlays(db, PreparedCurves(tmp_path / "file" / "curves.db"))
    run_id = ended_run(db)
    overlays.follow()
    assert len(values(overlays, run_id)) == 5
    warnings = [each for each in caplog.records if each.levelname == "WARNING"]
    assert len(warnings) == 1
    assert "overlays take longer" in caplog.text


def test_old_curves_make_room(db: Database, tmp_path: Path) -> None:
    path = tmp_path / "curves.db"
    overlays = Overlays(db, PreparedCurves(path, most_bytes=100_000))
    runs = [ended_run(db, points=FINEST) for _ in range(8)]
    overlays.follow()
    for run_id in runs:
        overlays.prepare(run_id)
    with sqlite3.connect(path) as file:
        kept = {row[0] for row in file.execute("SELECT run_id FROM curve")}
    file.close()
    assert runs[-1] in kept
    assert runs[0] not in kept
