"""Recording to a real server, which may be away, and from processes that may die."""

from __future__ import annotations

import logging
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from client.api import Client
from client.errors import InputError, SpoolError
from client.recorder import Recorder
from client.spool.spool import Spool
from server.settings import Settings
from server.storage import lifecycle, runs
from server.storage.database import Database
from server.storage.states import RunStatus
from tests.client.conftest import Realspike
from tests.conftest import SettingsFactory
from tests.support.runs import claim_run, make_run, run_in
from tests.support.server_process import ServerProcess, server_process
from tests.support.waiting import wait_until

SCRIPT = """
import sys
from client.recorder import Recorder
recorder = Recorder(sys.argv[1], close_seconds=0)
for step in range(10**9):
    recorder.metrics({"loss": step / 10}, step=step)
    print(step, flush=True)
"""


@pytest.fixture(scope="module")
def server(
    migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServerProcess]:
    home = tmp_path_factory.mktemp("recorder")
    shutil.copyfile(migrated_sqlite, home / "realspike.db")
    with server_process(Settings(home=home)) as server:
        yield server


@pytest.fixture
def db(server: ServerProcess) -> Iterator[Database]:
    database = Database(server.settings.resolved_database_url)
    yield database
    database.close()


@pytest.fixture
def run_id(db: Database) -> str:
    return run_in(db, RunStatus.SUCCEEDED)


@pytest.fixture
def spool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Spool:
    monkeypatch.setenv("REALSPIKE_SPOOL_DIR", str(tmp_path / "spool"))
    return Spool()


@pytest.fixture
def away(settings: SettingsFactory, spool: Spool) -> ServerProcess:
    """A server that does not run."""
    return ServerProcess(settings("embedded"))


def values(server: ServerProcess, run_id: str, name: str = "loss") -> dict[int, float]:
    with Client(server.url) as client:
        (series,) = client.runs.metrics(run_id, names=[name], max_points=100_000)["series"]
    assert series["total"] == len(series["steps"])
    return dict(zip(series["steps"], series["values"], strict=True))


def test_what_is_recorded_arrives(
    server: ServerProcess, run_id: str, spool: Spool, tmp_path: Path
) -> None:
    picture = tmp_path / "confusion.png"
    picture.write_bytes(b"a picture")
    with Recorder(run_id, url=server.url) as recorder:
        recorder.metrics({"loss": 0.5, "acc": np.float32(0.25)}, step=1, epoch=0)
        recorder.metrics({"loss": torch.tensor(0.25), "acc": True}, step=np.int64(2), epoch=1)
        recorder.metrics({"loss": 0.125}, step=2)
        recorder.metrics({}, step=3)
        recorder.file(picture)
        recorder.file(str(picture), name="Kopie.png")

    assert values(server, run_id) == {1: 0.5, 2: 0.125}
    assert values(server, run_id, "acc") == {1: 0.25, 2: 1.0}
    with Client(server.url) as client:
        files = client.runs.files(run_id)
        assert [(file["kind"], file["name"]) for file in files] == [
            ("file", "confusion.png"),
            ("file", "Kopie.png"),
        ]
        assert files[0]["media_type"] == "image/png"
        assert client.runs.download(files[1], tmp_path / "got").read_bytes() == b"a picture"
    assert [outbox.is_empty() for outbox in spool.outboxes()] == [True]


def test_the_example_of_the_guide_runs(
    server: ServerProcess, run_id: str, spool: Spool, tmp_path: Path
) -> None:
    guide = Path(__file__).parents[2] / "docs" / "guide" / "recording.md"
    _, example = re.findall(r"```python\n(.*?)```", guide.read_text(), re.DOTALL)
    (tmp_path / "confusion.png").write_bytes(b"a picture")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", re.sub(r"run_01\w+", run_id, example)],
        env={**os.environ, "REALSPIKE_URL": server.url, "PYTHONPATH": str(guide.parents[2])},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert values(server, run_id, "robust_acc") == {0: 0.81, 1: 0.84, 2: 0.86}
    with Client(server.url) as client:
        assert [file["name"] for file in client.runs.files(run_id)] == ["confusion.png"]


def test_without_a_service_everything_waits_and_is_said(
    away: ServerProcess,
    spool: Spool,
    realspike: Realspike,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
) -> None:
    db = Database(away.settings.resolved_database_url)
    run_id = run_in(db, RunStatus.FAILED)
    db.close()
    with Recorder(run_id, url=away.url, close_seconds=0.2) as recorder:
        recorder.metrics({"loss": 0.5}, step=1)
        wait_until(lambda: caplog.records, "the trouble is said")
        recorder.metrics({"loss": 0.25}, step=2)
    said = [record.getMessage() for record in caplog.records]
    assert f"no service answers at {away.url}" in said[0]
    assert said[1].startswith(f"2 entries of run {run_id} wait in {recorder.folder}")
    assert "realspike spool drain" in said[1]
    assert recorder.close() == 0

    shown = realspike("spool", "show", "--json").document
    assert shown["folder"] == str(spool.folder)
    (item,) = shown["items"]
    assert (item["run_id"], item["entries"], item["points"]) == (run_id, 2, 2)
    assert run_id in realspike("spool", "show").out

    away.start()
    try:
        away.wait_ready()
        drained = realspike("spool", "drain")
        assert (drained.code, drained.out) == (0, f"{run_id}: 2 delivered\n")
        assert values(away, run_id) == {1: 0.5, 2: 0.25}
        assert realspike("spool", "show").out == f"nothing waits in {spool.folder}\n"
        assert realspike("spool", "drain").out == "nothing waits\n"
    finally:
        away.kill()


def test_what_another_process_left_behind_is_delivered_with_the_next(
    server: ServerProcess, db: Database, run_id: str, spool: Spool
) -> None:
    other = run_in(db, RunStatus.FAILED)
    spool.outbox(server.url, other).add_metrics(1, None, {"loss": 0.5})
    spool.outbox(server.url, run_id).add_metrics(1, None, {"loss": 0.25})
    spool.outbox("http://elsewhere.test", other).add_metrics(1, None, {"loss": 9.0})
    with Recorder(run_id, url=server.url):
        wait_until(lambda: spool.outbox(server.url, other).is_empty(), "the other was delivered")

    assert values(server, other) == {1: 0.5}
    assert values(server, run_id) == {1: 0.25}
    assert not spool.outbox("http://elsewhere.test", other).is_empty()


def test_a_killed_process_loses_nothing_that_it_recorded(
    server: ServerProcess, run_id: str, spool: Spool, realspike: Realspike
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, run_id],
        env={**os.environ, "REALSPIKE_URL": server.url},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    with process.stdout as printed:
        for _ in range(200):
            printed.readline()
        process.send_signal(signal.SIGKILL)
        process.wait()
        rest = printed.read().split("\n")
    steps = max([199, *(int(line) for line in rest[:-1])])

    assert realspike("spool", "drain").code == 0
    stored = values(server, run_id)
    assert set(stored) >= set(range(steps + 1))
    assert all(value == step / 10 for step, value in stored.items())


def test_processes_that_share_a_spool_deliver_what_a_killed_one_left(
    server: ServerProcess, run_id: str, spool: Spool
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, run_id],
        env={**os.environ, "REALSPIKE_URL": server.url},
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    with process.stdout as printed, Recorder(run_id, url=server.url) as recorder:
        for step in range(100):
            printed.readline()
            recorder.metrics({"mine": step}, step=step)
            recorder.metrics({"ours": step}, step=0)
        process.send_signal(signal.SIGKILL)
        process.wait()
        recorder.metrics({"ours": -1}, step=0)

    assert set(values(server, run_id)) >= set(range(100))
    assert values(server, run_id, "mine") == {step: float(step) for step in range(100)}
    assert values(server, run_id, "ours") == {0: -1.0}
    assert spool.outbox(server.url, run_id).is_empty()


def test_a_run_that_is_not_there_is_said_and_its_entries_are_kept(
    server: ServerProcess, spool: Spool, realspike: Realspike, caplog: pytest.LogCaptureFixture
) -> None:
    with Recorder("run_none", url=server.url) as recorder:
        recorder.metrics({"loss": 0.5}, step=1)
    (said,) = (record.getMessage() for record in caplog.records)
    assert "refused 1 entries of run run_none (there is no run 'run_none')" in said
    assert str(recorder.folder) in said

    shown = realspike("spool", "show")
    assert "run_none refused: there is no run 'run_none'" in shown.out
    assert realspike("spool", "drain").out == "nothing waits\n"
    again = realspike("spool", "drain", "--again")
    assert again.code == 3
    assert f"1 refused and kept in {recorder.folder}/refused" in again.out


def test_a_queued_run_gets_its_entries_when_it_has_ended(
    server: ServerProcess, db: Database, spool: Spool, caplog: pytest.LogCaptureFixture
) -> None:
    run_id = make_run(db)
    with Recorder(run_id, url=server.url) as recorder:
        recorder.metrics({"eval": 0.5}, step=1)
        wait_until(lambda: caplog.records, "the trouble is said")
        with db.write() as session:
            runs.cancel_run(session, run_id)

    assert "is queued" in caplog.records[0].getMessage()
    assert len(caplog.records) == 1
    assert values(server, run_id, "eval") == {1: 0.5}


def test_a_run_that_a_worker_trains_gets_its_entries_when_it_has_ended(
    server: ServerProcess, db: Database, spool: Spool, caplog: pytest.LogCaptureFixture
) -> None:
    run_id = make_run(db)
    attempt = claim_run(db, run_id)
    with Recorder(run_id, url=server.url) as recorder:
        recorder.metrics({"eval": 0.5}, step=1)
        wait_until(lambda: caplog.records, "the trouble is said")
        with db.write() as session:
            lifecycle.succeed(session, run_id, attempt)

    assert "is running" in caplog.records[0].getMessage()
    assert len(caplog.records) == 1
    assert values(server, run_id, "eval") == {1: 0.5}


def test_a_service_that_moved_gets_what_waits_for_its_old_address(
    server: ServerProcess, run_id: str, spool: Spool, realspike: Realspike
) -> None:
    old = "http://127.0.0.1:1"
    spool.outbox(old, run_id).add_metrics(1, None, {"loss": 0.5})
    spool.outbox("http://127.0.0.1:2", run_id).add_metrics(1, None, {"loss": 9.0})
    moved = realspike("spool", "drain", "--url", old, "--to", server.url, "--json")

    assert [item["delivered"] for item in moved.document["items"]] == [1]
    assert values(server, run_id) == {1: 0.5}
    assert len(realspike("--url", old, "spool", "show", "--json").document["items"]) == 0
    assert len(realspike("spool", "show", "--json").document["items"]) == 1


@pytest.fixture
def recorder(away: ServerProcess) -> Iterator[Recorder]:
    with Recorder("run_1", url=away.url, close_seconds=0) as recorder:
        yield recorder


def test_values_that_are_not_finite_are_left_out_and_said_once(
    recorder: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, logger="realspike")
    recorder.metrics({"loss": float("nan"), "acc": 0.5}, step=1)
    recorder.metrics({"loss": float("inf"), "acc": 0.25}, step=2)

    said = [text for text in caplog.messages if "not finite" in text]
    assert said == [
        "metric loss at step 1 is not finite and was left out; so will be the next ones"
    ]
    (outbox,) = Spool().outboxes()
    assert outbox.waiting().points == 2


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda r: r.metrics({"loss": "0.5"}, step=1), "'loss' is '0.5', which is not one number"),
        (lambda r: r.metrics({"loss": np.zeros(2)}, step=1), "which is not one number"),
        (lambda r: r.metrics({"loss": torch.zeros(2)}, step=1), "which is not one number"),
        (lambda r: r.metrics({"loss": None}, step=1), "which is not one number"),
        (lambda r: r.metrics({"": 1}, step=1), "not a name of a metric"),
        (lambda r: r.metrics({"a\nb": 1}, step=1), "not a name of a metric"),
        (lambda r: r.metrics({5: 1}, step=1), "not a name of a metric"),
        (lambda r: r.metrics({"loss": 1}, step=-1), "step -1 is not between 0 and"),
        (lambda r: r.metrics({"loss": 1}, step=2**53), "is not between 0 and"),
        (lambda r: r.metrics({"loss": 1}, step=1.5), "step 1.5 is not a whole number"),
        (lambda r: r.metrics({"loss": 1}, step=1, epoch=2**31), "epoch"),
        (lambda r: r.file("none.png"), "none.png: No such file"),
        (lambda r: r.file(__file__, name="a/b"), "no slashes"),
        (lambda r: r.file(__file__, name=".hidden"), "no dot at its beginning"),
    ],
)
def test_mistakes_are_named_at_once(
    recorder: Recorder, call: Callable[[Any], None], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        call(recorder)
    assert all(outbox.is_empty() for outbox in Spool().outboxes())


def test_a_closed_recorder_says_so(recorder: Recorder) -> None:
    recorder.close()
    with pytest.raises(InputError, match="closed"):
        recorder.metrics({"loss": 1}, step=1)


def test_a_recorder_of_another_process_says_so(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(os, "getpid", lambda: -1)
        with pytest.raises(InputError, match="another process"):
            recorder.metrics({"loss": 1}, step=1)
        assert recorder.close() == 0


def test_a_spool_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SpoolError, match="REALSPIKE_SPOOL_DIR"):
        Recorder("run_1", spool=tmp_path / "file" / "spool")


def test_a_spool_that_fails_later_keeps_the_thread_alive(
    server: ServerProcess,
    run_id: str,
    spool: Spool,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    from client.spool import courier

    deliver = courier.deliver
    broken = [OSError(5, "Input/output error")]

    def once(*given: Any, **named: Any) -> Any:
        if broken:
            raise broken.pop()
        return deliver(*given, **named)

    monkeypatch.setattr(courier, "deliver", once)
    with Recorder(run_id, url=server.url) as recorder:
        recorder.metrics({"loss": 0.5}, step=1)
    assert values(server, run_id) == {1: 0.5}
    assert caplog.messages == ["[Errno 5] Input/output error"]
