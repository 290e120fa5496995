"""`python -m server` as a process: it starts, stops, and says in one line why it does not."""

from __future__ import annotations

import errno
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from sqlalchemy import URL

from server import __main__ as main
from server import logs
from server.settings import Settings
from server.storage.database import migrate
from tests.support.environment import environment_of
from tests.support.services import fresh_database, shown

Refused = Callable[..., str]


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Refused:
    """What the server says when it does not start in such an environment."""

    def say(**changes: str) -> str:
        for name, text in changes.items():
            monkeypatch.setenv(f"REALSPIKE_{name.upper()}", text)
        monkeypatch.setattr(logs, "configure", lambda _, **fields: None)
        assert main.main() == 1
        said = capsys.readouterr().err
        assert said.count("\n") == 1, said
        return said

    return say


@contextmanager
def started(settings: Settings) -> Iterator[tuple[subprocess.Popen[str], str]]:
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "server"],
        env=environment_of(settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        yield process, line.strip().rpartition(" ")[2]
    finally:
        process.kill()
        process.communicate()


def test_it_makes_its_tables_and_stops_while_somebody_listens(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home", port=0)
    with started(settings) as (process, url):
        assert httpx.get(f"{url}/api/v1/ready").json()["ready"]
        with httpx.stream("GET", f"{url}/api/v1/events", timeout=20) as stream:
            lines = stream.iter_lines()
            assert next(lines).startswith("retry")
            process.send_signal(signal.SIGTERM)
            assert list(lines)[-1] == ""
        assert process.wait(10) == 0


def test_an_interrupt_is_an_orderly_end(tmp_path: Path) -> None:
    with started(Settings(home=tmp_path / "home", port=0)) as (process, url):
        assert httpx.get(f"{url}/api/v1/health").status_code == 200
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()


def test_a_taken_port_is_one_line_and_no_traceback(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "server"],
            env=environment_of(Settings(home=tmp_path, port=port)),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"realspike server: cannot listen on 127.0.0.1:{port}: it is taken; "
        "stop the program that uses it or set REALSPIKE_PORT\n"
    )


def test_a_home_that_cannot_be_written_is_said(tmp_path: Path, refused: Refused) -> None:
    (tmp_path / "file").write_text("")

    assert "REALSPIKE_HOME" in refused(home=str(tmp_path / "file" / "home"))


def test_a_full_disk_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(main.StartError, match="is full; free some space"):
        main._check_home(Settings(home=tmp_path))


def test_a_database_that_does_not_answer_is_said(tmp_path: Path, refused: Refused) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    said = refused(home=str(tmp_path), database_url=f"postgresql://nobody@127.0.0.1:{port}/none")

    assert "check that it runs and that REALSPIKE_DATABASE_URL is right" in said


@pytest.mark.parametrize("revision", [None, "0001"], ids=["without tables", "older"])
def test_a_postgres_of_another_schema_says_which_command_is_missing(
    tmp_path: Path, refused: Refused, postgres: URL, revision: str | None
) -> None:
    with fresh_database(postgres) as url:
        if revision:
            migrate(shown(url), revision)
        said = refused(home=str(tmp_path), database_url=shown(url), port="0")

    assert "python -m server.storage.migrations" in said


def test_artifacts_that_cannot_be_stored_are_said(tmp_path: Path, refused: Refused) -> None:
    (tmp_path / "file").write_text("")
    said = refused(home=str(tmp_path / "home"), artifacts_url=str(tmp_path / "file" / "artifacts"))

    assert "REALSPIKE_ARTIFACTS_URL" in said


def test_settings_that_are_wrong_are_named(tmp_path: Path, refused: Refused) -> None:
    assert "REALSPIKE_PORT" in refused(home=str(tmp_path), port="seventy", study_run_limit="0")


def test_a_host_that_is_none_is_said(tmp_path: Path, refused: Refused) -> None:
    assert "REALSPIKE_HOST" in refused(home=str(tmp_path), host="no.such.host.invalid", port="0")
