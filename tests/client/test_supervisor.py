"""The processes behind `realspike up`, as real processes."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from client.child_process import ChildProcess
from client.supervisor import ServiceError, run_service, service
from tests.support.waiting import wait_until

UP = """
import sys
from pathlib import Path
from client.supervisor import run_service

def ready(url):
    print(url, flush=True)

sys.exit(run_service(
    home=Path(sys.argv[1]), host="127.0.0.1", port=0, workers=1, slots=1, on_ready=ready))
"""
LONG_RUN = {"spec": {"dataset": "digits", "epochs": 9000, "train_samples": 200}}


class Up:
    """A service that is up, in a process of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.popen = subprocess.Popen(
            [sys.executable, "-c", UP, str(home)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "REALSPIKE_LOG_LEVEL": "info"},
        )
        assert self.popen.stdout is not None
        self.url = self.popen.stdout.readline().strip()
        assert self.url, self.popen.communicate()[1]
        self.api = httpx.Client(base_url=f"{self.url}/api/v1", timeout=10, trust_env=False)

    def processes(self) -> list[psutil.Process]:
        """Everything it started."""
        return psutil.Process(self.popen.pid).children(recursive=True)

    def find(self, module: str) -> psutil.Process:
        """The process of a module."""
        return next(
            item
            for item in psutil.Process(self.popen.pid).children()
            if item.cmdline()[-1] == module
        )

    def is_ready(self) -> bool:
        """True when the server answers that all is well."""
        try:
            return self.api.get("/ready").is_success
        except httpx.TransportError:
            return False

    def end(self) -> None:
        """Kill whatever is left."""
        self.api.close()
        if self.popen.poll() is None:
            for item in self.processes():
                item.kill()
            self.popen.kill()
        self.popen.communicate()


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    running = Up(tmp_path / "home")
    yield running
    running.end()


def refused(capsys: pytest.CaptureFixture[str], *, home: Path, port: int = 0) -> str:
    """The one line that `run_service` says when it cannot run."""
    code = run_service(
        home=home, host="127.0.0.1", port=port, workers=1, slots=1, on_ready=lambda _: None
    )
    said = capsys.readouterr().err
    assert code == 1
    assert said.startswith("error: ")
    assert said.count("\n") == 1
    return said


def gone(processes: list[psutil.Process]) -> bool:
    return not any(
        item.is_running() and item.status() != psutil.STATUS_ZOMBIE for item in processes
    )


def test_it_heals_refuses_a_second_one_and_stops_in_time(
    up: Up, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "already runs on" in refused(capsys, home=up.home)
    port = int(up.url.rpartition(":")[2])
    assert "--port" in refused(capsys, home=up.home.with_name("other"), port=port)

    up.find("server").kill()
    wait_until(lambda: not up.is_ready(), "the server is gone")
    wait_until(up.is_ready, "the server is back", 60)

    run_id = up.api.post("/runs", json=LONG_RUN).json()["id"]
    wait_until(
        lambda: (up.api.get(f"/runs/{run_id}").json()["progress"] or {}).get("epoch", 0) > 1,
        "the run trains",
        90,
    )
    started = up.processes()
    begun = time.monotonic()
    up.popen.send_signal(signal.SIGINT)
    out, err = up.popen.communicate(timeout=20)

    assert time.monotonic() - begun < 15
    assert (up.popen.returncode, out) == (0, "")
    assert "Traceback" not in err
    assert "server ended unexpectedly (SIGKILL)" in err
    assert gone(started)
    assert "worker-1 | " in (up.home / "logs" / "worker-1.log").read_text()
    with service(home=up.home, workers=0) as url:
        run = httpx.get(f"{url}/api/v1/runs/{run_id}", trust_env=False).json()
    assert (run["status"], run["reason"]) == ("queued", "drained")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's end")
def test_nothing_outlives_a_killed_supervisor(up: Up) -> None:
    started = up.processes()

    up.popen.kill()

    # A worker on a busy machine may need all the time that it gives itself, and then kill its pool.
    wait_until(lambda: gone(started), "every process is gone", 30)


def test_a_home_that_cannot_be_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("in the way")

    said = refused(capsys, home=tmp_path / "file" / "home")

    assert "cannot write to" in said
    assert "--home" in said


def test_a_full_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(path: Path, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)

    assert "the disk of" in refused(capsys, home=tmp_path / "home")


def test_a_host_that_is_not_here(tmp_path: Path) -> None:
    with (
        pytest.raises(ServiceError, match="--host"),
        service(home=tmp_path / "home", host="203.0.113.1"),
    ):
        pass


def test_settings_that_are_wrong_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("REALSPIKE_LEASE_SECONDS", "nonsense")

    assert "REALSPIKE_LEASE_SECONDS" in refused(capsys, home=tmp_path / "home")


def test_a_taken_port_is_found_before_anything_starts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        said = refused(capsys, home=tmp_path / "home", port=taken.getsockname()[1])

    assert "is taken" in said
    assert not list((tmp_path / "home" / "logs").iterdir())


def test_output_is_kept_and_problems_are_shown(tmp_path: Path) -> None:
    shown: list[str] = []
    child = ChildProcess(
        "a",
        ["this"],
        env={
            **os.environ,
        },
        log_file=tmp_path / "a.log",
        show=shown.append,
    )
    child.start()
    assert child.wait_until(time.monotonic() + 20)
    child.end_group()

    kept = (tmp_path / "a.log").read_text()
    assert "a | " in kept
    assert "Beautiful is better than ugly." in kept
    assert child.last_line.startswith("Namespaces are one honking great idea")
    assert not any("Beautiful" in line for line in shown)


SAYS = """
import sys

print('{"level": "warning", "event": "run r failed", "run_id": "r", "attempt": 2}')
print('{"level": "info", "event": "no error at all"}')
print('{"not": "a record", "error": true}')
print("2026-11-24T13:32:08.2Z [info     ] error is only a word here   [a.b]")
print("2026-11-24T13:32:08.2Z [error    ] it broke                    [a.b] run_id=r")
print("Traceback (most recent call last):")
"""


def test_problems_are_shown_readable_in_either_format(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "says_things.py").write_text(SAYS)
    shown: list[str] = []
    child = ChildProcess(
        "a",
        ["says_things"],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        log_file=tmp_path / "a.log",
        show=shown.append,
    )
    child.start()
    assert child.wait_until(time.monotonic() + 20)
    child.end_group()

    assert shown == [
        "a | [warning] run r failed run_id=r attempt=2",
        'a | {"not": "a record", "error": true}',
        "a | 2026-11-24T13:32:08.2Z [error    ] it broke                    [a.b] run_id=r",
    ]
    kept = (tmp_path / "a.log").read_text().splitlines()
    assert kept[0].startswith('{"level": "warning"')  # as it was: a file of records stays one
    assert kept[-1].endswith(" a | Traceback (most recent call last):")


def test_processes_write_text_unless_somebody_wants_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REALSPIKE_LOG_LEVEL", "info")
    monkeypatch.setenv("REALSPIKE_LOG_FORMAT", "json")
    with service(home=tmp_path / "home", workers=0):
        pass
    lines = (tmp_path / "home" / "logs" / "server.log").read_text().splitlines()
    records = [json.loads(line) for line in lines if line.startswith("{")]
    assert any(record["event"] == "request" for record in records)
    assert {record["process"] for record in records} == {"server"}
