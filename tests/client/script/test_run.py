"""Scripts that log to a real server, which may be away, and that may die."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pytest

import realspike
from client.api import Client
from client.errors import InputError, NotFoundError
from client.script import current
from client.spool.spool import Spool
from client.wire import Run
from server.settings import Settings
from server.storage.database import Database
from tests.client.conftest import Realspike
from tests.support.runs import expire, reap
from tests.support.server_process import ServerProcess, server_process
from tests.support.waiting import wait_until

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "docs" / "examples" / "own_script.py"
STUDY: dict[str, Any] = {"name": "ours", "ablate": {"granularity": ["binary"]}, "seeds": 2}


@pytest.fixture(scope="module")
def server(
    migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServerProcess]:
    home = tmp_path_factory.mktemp("script")
    shutil.copyfile(migrated_sqlite, home / "realspike.db")
    with server_process(Settings(home=home)) as server:
        yield server


@pytest.fixture
def client(server: ServerProcess) -> Iterator[Client]:
    with Client(server.url) as client:
        yield client


@pytest.fixture
def db(server: ServerProcess) -> Iterator[Database]:
    database = Database(server.settings.resolved_database_url)
    yield database
    database.close()


@pytest.fixture(autouse=True)
def spool(
    server: ServerProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Spool]:
    """A spool of this test's own, and a process in which nothing was begun."""
    monkeypatch.setenv("REALSPIKE_SPOOL_DIR", str(tmp_path / "spool"))
    monkeypatch.setenv("REALSPIKE_URL", server.url)
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(sys, "exit", sys.exit)
    monkeypatch.setattr(current._Process, "run", None)
    monkeypatch.setattr(current._Process, "ending", None)
    yield Spool()
    realspike.finish()


@contextmanager
def script(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """The example with these options, or code after `-c`, in a folder of its own."""
    folder.mkdir(exist_ok=True)
    given = arguments if arguments[0] == "-c" else (str(EXAMPLE), *arguments)
    process = subprocess.Popen(
        [sys.executable, "-W", "error::ResourceWarning", *given],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def lines(process: subprocess.Popen[str], count: int) -> None:
    """Read so many lines that it prints."""
    out: IO[str] | None = process.stdout
    assert out is not None
    for _ in range(count):
        assert out.readline()


def newest(client: Client, name: str = "softmax regression") -> Run:
    return client.runs.page(where=f'name = "{name}"')["items"][0]


def steps(client: Client, run_id: str) -> list[int]:
    series = client.runs.metrics(run_id, names=["test_acc"], max_points=100_000)["series"]
    return series[0]["steps"]


def test_a_run_in_full(client: Client, spool: Spool, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a file")
    run = realspike.init(
        "baselines", name="one", config={"optimizer": {"lr": 0.1}, "seed": 3}, tags=["t"], notes="n"
    )
    assert (run.name, run.url) == ("one", f"{os.environ['REALSPIKE_URL']}/runs/{run.id}")
    assert run.config == {"optimizer.lr": 0.1, "seed": 3}
    assert client.runs.get(run.id)["status"] == "running"
    run.log({"loss": 0.5, "eval": {"acc": 0.25}})
    realspike.log({"loss": 0.25}, epoch=2)
    run.log({"loss": 0.125}, step=10)
    run.log({"loss": 0.0625})
    run.log_artifact(tmp_path / "a.txt")
    assert run.finish() == 0
    assert run.finished

    stored = client.runs.get(run.id)
    assert (stored["status"], stored["experiment"], stored["tags"]) == (
        "succeeded",
        "baselines",
        ["t"],
    )
    assert (stored["notes"], stored["spec"]["optimizer.lr"]) == ("n", 0.1)
    assert stored["summary"] == {"loss": 0.0625, "eval.acc": 0.25}
    (loss,) = client.runs.metrics(run.id, names=["loss"])["series"]
    assert (loss["steps"], loss["epochs"]) == ([0, 1, 10, 11], [None, 2, None, None])
    assert [file["name"] for file in client.runs.files(run.id)] == ["a.txt"]
    assert list(spool.outboxes()) == []
    with pytest.raises(InputError, match="closed"):
        run.log({"loss": 0.1})
    assert realspike.finish() == 0


def test_the_example_of_the_guide_runs(client: Client, tmp_path: Path) -> None:
    guide = ROOT / "docs" / "guide" / "recording.md"
    example, _ = re.findall(r"```python\n(.*?)```", guide.read_text(), re.DOTALL)
    (tmp_path / "confusion.png").write_bytes(b"a picture")
    with script(tmp_path, "-c", example) as process:
        assert process.communicate(timeout=120) == ("", "")
    stored = newest(client, "perceptron")
    assert (stored["status"], stored["spec"]) == (
        "succeeded",
        {"optimizer.name": "sgd", "optimizer.lr": 0.1, "seed": 0},
    )
    assert stored["summary"] == {"train_loss": 1 / 3, "test_acc": 0.93}


def test_a_block_ends_as_it_is_left(client: Client) -> None:
    with pytest.raises(ValueError, match="boom"), realspike.init(name="broken") as run:
        raise ValueError("boom")
    stored = client.runs.get(run.id)
    assert (stored["status"], stored["reason"]) == ("failed", "script_failed")
    assert (stored["detail"] or "").startswith("ValueError: boom (")
    with pytest.raises(KeyboardInterrupt), realspike.init(name="stopped") as run:
        raise KeyboardInterrupt
    assert client.runs.get(run.id)["status"] == "cancelled"


def test_a_second_run_finishes_the_first_and_a_name_is_that_of_the_script(client: Client) -> None:
    first, second = realspike.init(), realspike.init(name="second")
    assert client.runs.get(first.id)["status"] == "succeeded"
    assert first.name == Path(sys.argv[0]).stem
    second.finish(exit_code=2)
    assert client.runs.get(second.id)["detail"] == "the script ended with exit code 2"


def test_a_script_learns_that_it_was_cancelled(client: Client) -> None:
    with realspike.init(name="unwanted") as run:
        assert not run.cancelled
        client.runs.cancel(run.id)
        wait_until(lambda: run.cancelled, "the script is told")
        run.log({"loss": 0.5})
    stored = client.runs.get(run.id)
    assert (stored["status"], stored["summary"]) == ("cancelled", {"loss": 0.5})


def test_one_that_was_taken_for_lost_is_heard_of_again(client: Client, db: Database) -> None:
    with realspike.init(name="silent") as run:
        expire(db, run.id)
        reap(db)
        wait_until(lambda: client.runs.get(run.id)["status"] == "running", "it is heard of")
    attempts = client.runs.get(run.id)["attempts"]
    assert [attempt["outcome"] for attempt in attempts][-1] == "succeeded"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"project": "a", "experiment": "b"}, "which mean the same"),
        ({"name": "a\nb"}, "name 'a\\\\nb'"),
        ({"tags": "paper"}, "give a list of texts"),
        ({"tags": [""]}, "tag ''"),
        ({"config": 5}, "config is 5"),
        ({"notes": "\x00"}, "notes: at most"),
    ],
)
def test_mistakes_are_named_at_once(given: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        realspike.init(**given)
    with pytest.raises(InputError, match=r"begin one with realspike.init\(\)"):
        realspike.log({"loss": 1})


def test_what_the_service_refuses_is_said_at_once(spool: Spool) -> None:
    with pytest.raises(NotFoundError, match="no study"):
        realspike.init(study="stu_" + "0" * 26)
    assert list(spool.outboxes()) == []


def test_a_study_must_be_named_by_its_id_while_the_service_is_away() -> None:
    with pytest.raises(InputError, match="give its whole id"):
        realspike.init(study="ours", url="http://127.0.0.1:1")


@pytest.mark.parametrize(
    ("code", "status", "exit_code"),
    [
        ("", "succeeded", 0),
        ("raise ValueError('boom')", "failed", 1),
        ("import sys; sys.exit(3)", "failed", 3),
    ],
)
def test_an_interpreter_that_ends_ends_the_run(
    client: Client, tmp_path: Path, code: str, status: str, exit_code: int
) -> None:
    begin = f"import realspike; run = realspike.init(name='forgotten {exit_code} {status}')\n"
    with script(tmp_path, "-c", begin + "run.log({'loss': 1})\n" + code) as process:
        process.communicate(timeout=120)
    assert process.returncode == exit_code
    stored = newest(client, f"forgotten {exit_code} {status}")
    assert (stored["status"], stored["summary"]) == (status, {"loss": 1.0})


def test_two_processes_at_once_stand_in_the_table_of_a_study(
    client: Client, tmp_path: Path, realspike: Realspike
) -> None:
    study = client.studies.create(STUDY)["id"]
    options = ("--study", "ours", "--seeds", "2", "--epochs", "20")
    with script(tmp_path / "a", *options) as a, script(tmp_path / "b", *options) as b:
        ended = [each.communicate(timeout=180) for each in (a, b)]
    assert (a.returncode, b.returncode, [err for _, err in ended]) == (0, 0, ["", ""])

    cell = client.studies.table(study)["cells"][1]
    assert (cell["script"], cell["n"], cell["runs"]) == ("softmax regression", 4, 4)
    assert cell["mean"] is not None
    assert cell["mean"] > 0.8
    for run_id in cell["run_ids"]:
        assert steps(client, run_id) == list(range(1, 21))
        assert [file["name"] for file in client.runs.files(run_id)] == ["weights.npy"]
    listed = realspike("run", "list", "--filter", 'source = "script"').out
    assert "script" in listed
    shown = realspike("run", "show", cell["run_ids"][0]).out
    assert "model softmax" in shown
    assert "optimizer.lr 0.5" in shown
    assert "softmax regression" in realspike("study", "table", study).out
    refused = realspike("run", "retry", cell["run_ids"][0])
    assert (refused.code, "start the script again" in refused.err) == (5, True)


def test_a_server_that_is_away_at_first_and_dies_later_misses_nothing(
    migrated_sqlite: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    spool: Spool,
    realspike: Realspike,
) -> None:
    shutil.copyfile(migrated_sqlite, tmp_path / "realspike.db")
    server = ServerProcess(Settings(home=tmp_path))
    monkeypatch.setenv("REALSPIKE_URL", server.url)
    with Client(server.url) as client, script(tmp_path, "--seeds", "1", "--epochs", "1500") as it:
        try:
            lines(it, 50)
            server.start()
            server.wait_ready()
            wait_until(lambda: client.runs.page()["total"], "the run has begun", seconds=60)
            run_id = newest(client)["id"]
            server.kill()
            lines(it, 300)
            server.start()
            server.wait_ready()
            _, said = it.communicate(timeout=240)
            assert it.returncode == 0, said
            # It does not wait for ever at its end: where the server took longer, some is left.
            assert realspike("spool", "drain").code == 0
            assert client.runs.get(run_id)["status"] == "succeeded"
            assert client.runs.page()["total"] == 1
            assert steps(client, run_id) == list(range(1, 1501))
            assert list(spool.outboxes()) == []
        finally:
            server.kill()


def test_a_killed_script_is_lost_and_what_it_logged_is_not(
    client: Client, db: Database, tmp_path: Path, realspike: Realspike
) -> None:
    with script(tmp_path, "--seeds", "1", "--epochs", "100000") as process:
        lines(process, 100)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert process.stdout is not None
        whole = process.stdout.read().rpartition("\n")[0]
        logged = 100 + len(whole.splitlines())
    run_id = newest(client)["id"]
    expire(db, run_id)
    reap(db)

    assert realspike("spool", "drain").code == 0
    stored = client.runs.get(run_id)
    assert (stored["status"], stored["reason"]) == ("failed", "lost")
    assert "spool drain" in (stored["detail"] or "")
    reached = steps(client, run_id)
    assert reached == list(range(1, len(reached) + 1))
    assert len(reached) >= logged


def test_what_a_script_left_behind_begins_and_ends_with_the_drain(
    client: Client, server: ServerProcess, spool: Spool, realspike: Realspike
) -> None:
    from client.script.current import init

    away = "http://127.0.0.1:1"
    with init(name="offline", url=away, close_seconds=0) as run:
        run.log({"loss": 0.5})
    drained = realspike("spool", "drain", "--url", away, "--to", server.url)
    assert (drained.code, drained.out) == (0, f"{run.id}: 3 delivered\n")
    stored = client.runs.get(run.id)
    assert (stored["status"], stored["summary"]) == ("succeeded", {"loss": 0.5})
    assert stored["started_at"] is not None
    assert stored["finished_at"] is not None
    assert stored["started_at"] <= stored["finished_at"]
    assert list(spool.outboxes()) == []
