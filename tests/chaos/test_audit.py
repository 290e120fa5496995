"""The auditor sees each thing that can go wrong: whatever is spoilt, the check for it says so."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from chaos.audit.checks import CHECKS
from chaos.audit.reading import DatabaseAwayError, Reader
from tests.chaos.scene import DATABASE, SPEC, Scene
from tests.support.runs import make_run

Spoil = Callable[[Scene], object]


@pytest.fixture(scope="module")
def sound(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    folder = tmp_path_factory.mktemp("sound")
    shutil.copyfile(migrated_sqlite, folder / DATABASE)
    return Scene(folder)


@pytest.fixture
def scene(sound: Scene, tmp_path: Path) -> Iterator[Scene]:
    made = sound.copied(tmp_path / "scene")
    yield made
    made.database.close()


def test_nothing_is_found_where_all_is_well(scene: Scene) -> None:
    assert scene.audit() == {}


def test_a_postgres_is_read_like_a_sqlite(postgres_url: str) -> None:
    assert Reader(postgres_url).rows("SELECT id, spec FROM run") == []
    with pytest.raises(DatabaseAwayError):
        Reader("postgresql://nobody@127.0.0.1:1/nothing").rows("SELECT 1")


def lose_a_run(scene: Scene) -> None:
    for table in ("attempt", "metric", "histogram", "artifact", "event", "folded_model"):
        scene.sql(f"DELETE FROM {table} WHERE run_id = ?", scene.cancelled)
    scene.sql("DELETE FROM run WHERE id = ?", scene.cancelled)


def copy_a_run(scene: Scene) -> None:
    make_run(scene.database, name="resumed", experiment="chaos", spec=SPEC)


def run_again_after_success(scene: Scene) -> None:
    scene.sql("UPDATE run SET status = 'queued' WHERE id = ?", scene.resumed)
    scene.succeed(scene.resumed, scene.claim(scene.resumed))


def write_as_the_first_attempt(scene: Scene) -> None:
    scene.journal("write", scene.resumed, 1)


def write_begun_before_the_claim(scene: Scene) -> None:
    scene.journal("write", scene.resumed, 1, asked=0)


def delete_points_of(name: str) -> Spoil:
    return lambda scene: scene.sql(
        f"DELETE FROM {name} WHERE run_id = ? AND step = 20",
        scene.resumed,
    )


def hole_in_a_cancelled_run(scene: Scene) -> None:
    scene.sql(
        "INSERT INTO metric SELECT ?, name, 30, epoch, value, recorded_at FROM metric "
        "WHERE run_id = ? AND step = 30 AND name = 'test_acc'",
        scene.cancelled,
        scene.resumed,
    )


def flip_a_byte(scene: Scene) -> None:
    path = scene.stored(scene.resumed, "folded.safetensors")
    content = bytearray(path.read_bytes())
    content[0] ^= 1
    path.write_bytes(content)


def other_weights(scene: Scene) -> None:
    scene.sql("UPDATE run SET status = 'running' WHERE id = ?", scene.resumed)
    scene.sql("DELETE FROM artifact WHERE run_id = ? AND kind = 'weights'", scene.resumed)
    scene.store(scene.resumed, 2, "weights", "weights.safetensors", "other weights")
    scene.sql("UPDATE run SET status = 'succeeded' WHERE id = ?", scene.resumed)
    scene.sql("DELETE FROM event WHERE id = (SELECT max(id) FROM event)")


def forget_a_file_row(scene: Scene) -> None:
    scene.sql("DELETE FROM artifact WHERE run_id = ? AND kind = 'checkpoint'", scene.cancelled)


def leave_scratch(scene: Scene) -> None:
    folder = scene.places.scratch / "realspike-worker-1" / "run_1-x"
    folder.mkdir(parents=True)


def keep_checkpoints(scene: Scene) -> None:
    scene.sql("UPDATE run SET status = 'running' WHERE id = ?", scene.cancelled)
    for number in (1, 2):
        scene.store(scene.cancelled, 1, "checkpoint", f"checkpoint-2{number}", "another")
    scene.sql("UPDATE run SET status = 'cancelled' WHERE id = ?", scene.cancelled)
    scene.sql("DELETE FROM event WHERE id > (SELECT max(id) - 2 FROM event)")


def first_told(scene: Scene, status: str) -> int:
    """Id of the first event that tells a status of the resumed run."""
    found = scene.rows(
        f"SELECT id, data FROM event WHERE run_id = '{scene.resumed}' AND kind = 'run' ORDER BY id"
    )
    return next(int(number) for number, data in found if f'"{status}"' in data)


def untell(status: str) -> Spoil:
    def spoil(scene: Scene) -> None:
        number = first_told(scene, status)
        scene.sql("DELETE FROM event WHERE id = ?", number)
        scene.followed = replace(
            scene.followed, ids=[told for told in scene.followed.ids if told != number]
        )

    return spoil


def miss_an_event(scene: Scene) -> None:
    scene.followed.ids.remove(first_told(scene, "running"))


def hear_an_event_twice(scene: Scene) -> None:
    scene.followed.ids.append(scene.followed.ids[-1])


def set_run(assignment: str) -> Spoil:
    return lambda scene: scene.sql(f"UPDATE run SET {assignment} WHERE id = ?", scene.resumed)


def set_attempt(assignment: str, number: int) -> Spoil:
    return lambda scene: scene.sql(
        f"UPDATE attempt SET {assignment} WHERE run_id = ? AND number = ?",
        scene.resumed,
        number,
    )


SPOILT: list[tuple[str, str, Spoil]] = [
    ("a run is lost", "submissions", lose_a_run),
    ("a run is made twice", "submissions", copy_a_run),
    ("a study has too few runs", "submissions", lambda s: s.change_ledger(studies={s.study: 2})),
    ("a study nobody made", "submissions", lambda s: s.change_ledger(studies={})),
    ("no answer", "submissions", lambda s: s.change_ledger(unanswered=("run-7",))),
    ("a wrong answer", "submissions", lambda s: s.change_ledger(mistakes=("500",))),
    ("a run waits for ever", "ends", set_run("status = 'queued'")),
    ("a run failed", "ends", set_run("status = 'failed', reason = 'poison'")),
    ("a lease stays", "ends", set_run("worker_id = 'worker-1'")),
    ("an attempt failed", "failures", set_attempt("outcome = 'failed', reason = 'internal'", 1)),
    ("an attempt is missing", "attempts", set_attempt("number = 3", 2)),
    ("an attempt never ended", "attempts", set_attempt("finished_at = NULL", 2)),
    ("nobody succeeded", "attempts", set_attempt("outcome = 'drained'", 2)),
    ("two succeeded", "attempts", run_again_after_success),
    ("attempts overlap", "overlaps", set_attempt("started_at = '2020-01-01 00:00:00'", 2)),
    ("a late write was accepted", "fencing", write_as_the_first_attempt),
    ("an attempt ran twice", "executions", lambda s: s.journal("claim", s.resumed, 2)),
    ("an unknown attempt ran", "executions", lambda s: s.journal("claim", s.resumed, 3)),
    ("an attempt never ran", "executions", lambda s: s.change_journal(lambda lines: lines[3:])),
    ("a checkpoint is forgotten", "progress", set_attempt("resumed_step = 30", 1)),
    ("a metric is missing", "metrics", delete_points_of("metric")),
    ("a metric differs", "metrics", lambda s: s.sql("UPDATE metric SET value = value + 1e-9")),
    ("a metric is too much", "metrics", lambda s: s.sql("UPDATE metric SET step = step + 1")),
    ("a hole before the end", "metrics", hole_in_a_cancelled_run),
    ("a histogram is missing", "histograms", delete_points_of("histogram")),
    ("a histogram differs", "histograms", lambda s: s.sql("UPDATE histogram SET high = 2")),
    ("a summary is old", "summaries", set_run("""summary = '{"test_acc": 0.5}'""")),
    ("the weights differ", "weights", other_weights),
    ("a byte flipped", "files", flip_a_byte),
    ("a file is gone", "files", lambda s: s.stored(s.resumed, "weights.safetensors").unlink()),
    ("a file nobody knows", "orphans", forget_a_file_row),
    ("a temporary file stays", "orphans", leave_scratch),
    ("checkpoints pile up", "checkpoints", keep_checkpoints),
    ("a model is missing", "models", lambda s: s.sql("DELETE FROM folded_model")),
    ("a change is not told", "events", untell("queued")),
    ("the end is not told", "events", untell("succeeded")),
    (
        "times go back",
        "event order",
        lambda s: s.sql(
            "UPDATE event SET created_at = '2020-01-01' WHERE id = (SELECT max(id) FROM event)"
        ),
    ),
    ("the stream misses an event", "live", miss_an_event),
    ("the stream repeats itself", "live", hear_an_event_twice),
    (
        "a lock is met",
        "logs",
        lambda s: (s.places.logs / "server.log").write_text(
            "sqlite3.OperationalError: database is locked"
        ),
    ),
]


@pytest.mark.parametrize(
    ("check", "spoil"),
    [pytest.param(check, spoil, id=name) for name, check, spoil in SPOILT],
)
def test_what_is_spoilt_is_found(scene: Scene, check: str, spoil: Spoil) -> None:
    spoil(scene)

    assert check in scene.audit()


def test_every_check_was_seen_to_fail() -> None:
    assert {check for _, check, _ in SPOILT} == CHECKS.keys()


def test_a_write_that_began_before_the_claim_is_no_violation(scene: Scene) -> None:
    write_begun_before_the_claim(scene)

    assert scene.audit() == {}


def test_a_failure_that_a_fault_explains_is_no_violation(scene: Scene) -> None:
    set_attempt("outcome = 'failed', reason = 'disk_full'", 1)(scene)
    assert set(scene.audit()) == {"failures"}

    scene.change_ledger(excused=frozenset({"disk_full"}))

    assert scene.audit() == {}
