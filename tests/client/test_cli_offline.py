"""The command line where no service answers, and where it is used wrongly."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from client import transport
from client.api import Client
from client.cli.context import Invocation
from client.cli.exits import ExitCode, exit_code
from client.errors import (
    ClientError,
    ConflictError,
    DownloadError,
    FetchError,
    InputError,
    InvalidError,
    NotFoundError,
    ProblemError,
    ServerFailedError,
    ServerUnreachableError,
    UnknownDatasetError,
)
from client.wire import Problem
from rscore.hints import command
from tests.client.conftest import Realspike

PROBLEM: Problem = {
    "type": "x",
    "title": "t",
    "status": 400,
    "detail": "d",
    "hint": None,
    "errors": None,
    "request_id": "r",
}
SCRIPT = [sys.executable, "-c", "from client.cli.main import run; run()"]


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch) -> str:
    """An address at which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
    monkeypatch.setenv("REALSPIKE_URL", url)
    return url


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "list"],
        ["run", "watch", "x"],
        ["study", "table", "x", "--json"],
        ["model", "predict", "x"],
        ["data", "list"],
        ["worker", "list"],
    ],
    ids=" ".join,
)
def test_unreachable_service(
    realspike: Realspike, nowhere: str, arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "PATIENCE_AT_FIRST", 0.1)
    said = realspike(*arguments)
    assert said.code == ExitCode.UNREACHABLE
    waiting, first, second = said.err.splitlines()
    assert waiting == f"no answer from {nowhere}; trying again for 0.1 s"
    assert first.startswith(f"error: no service answers at {nowhere}")
    up = command("up")
    assert second == f"start it with `{up}`, or say where it is with --url or REALSPIKE_URL"
    assert said.out == ""


def test_url_option_wins_before_and_after_the_command(realspike: Realspike, nowhere: str) -> None:
    other = nowhere.replace("127.0.0.1", "localhost")
    assert other in realspike("--url", other, "version").out
    assert other in realspike("version", "--url", other).out


@pytest.mark.parametrize(
    ("host", "port", "url"),
    [
        (None, None, "http://127.0.0.1:8700"),
        (None, "9", "http://127.0.0.1:9"),
        ("0.0.0.0", "9", "http://127.0.0.1:9"),
        ("::1", "", "http://[::1]:8700"),
        (None, "0", "http://127.0.0.1:8700"),
    ],
)
def test_without_a_url_the_service_is_where_up_listens(
    monkeypatch: pytest.MonkeyPatch, host: str | None, port: str | None, url: str
) -> None:
    for name, value in (("REALSPIKE_HOST", host), ("REALSPIKE_PORT", port)):
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)
    assert Client().url == url


def test_the_command_line_asks_the_port_of_the_environment(
    realspike: Realspike, nowhere: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REALSPIKE_URL")
    monkeypatch.setenv("REALSPIKE_PORT", nowhere.rpartition(":")[2])
    assert realspike("version", "--json").document["url"] == nowhere
    monkeypatch.setenv("REALSPIKE_PORT", "many")
    said = realspike("version")
    assert said.code == ExitCode.BAD_INPUT
    assert "Invalid port: 'many'" in said.err


def test_a_hint_names_the_service_only_where_it_has_to(
    nowhere: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Invocation(nowhere, as_json=False).command("run list") == command("run list")
    other = Invocation("http://other.test", as_json=False)
    assert other.command("run list") == command("--url http://other.test run list")


def test_version_without_a_service(realspike: Realspike, nowhere: str) -> None:
    said = realspike("version", "--json")
    assert said.code == ExitCode.OK
    assert said.document["service"] is None
    assert realspike("--json", "version").document == said.document


@pytest.mark.parametrize(
    ("arguments", "says", "path"),
    [
        (["runn"], "no such command 'runn'. Did you mean 'run'?", ""),
        (["run", "lst"], "no such command 'lst'. Did you mean 'list'?", "run"),
        (["run", "list", "--limit", "0"], "invalid value for '--limit': ", "run list"),
        (["run", "list", "--experimnt", "x"], "no such option: --experimnt", "run list"),
        (["run", "show"], "missing argument 'ID'", "run show"),
        (["data", "push", "mnist"], "missing option '--from'", "data push"),
    ],
)
def test_wrong_usage_is_said_as_every_error_is(
    realspike: Realspike, arguments: list[str], says: str, path: str
) -> None:
    said = realspike(*arguments)
    assert said.code == ExitCode.BAD_INPUT
    assert said.out == ""
    first, second = said.err.splitlines()
    assert first.startswith(f"error: {says}")
    assert second == f"see what it takes with: {command(f'{path} --help'.strip())}"


def test_group_without_a_command_shows_its_help(realspike: Realspike) -> None:
    said = realspike("run")
    assert said.code == ExitCode.BAD_INPUT
    assert said.err.startswith("Usage: realspike run ")
    assert "submit" in said.err


def test_file_is_checked_before_the_service_is_asked(
    realspike: Realspike, nowhere: str, tmp_path: Path
) -> None:
    path = tmp_path / "run.yaml"
    path.write_text("spec: {granularty: layer}\n")
    said = realspike("run", "submit", str(path))
    assert said.code == ExitCode.BAD_INPUT
    assert said.err == (
        f"error: {path}: spec.granularty: unknown field 'granularty' "
        "(did you mean 'granularity'?)\n"
    )


def test_data_set_that_needs_no_download(realspike: Realspike, nowhere: str) -> None:
    said = realspike("data", "fetch", "digits")
    assert said.code == ExitCode.OK
    assert "nothing to fetch" in said.out


def test_data_set_that_is_none(realspike: Realspike) -> None:
    for arguments in (["fetch", "mnits"], ["push", "mnits", "--from", "."]):
        said = realspike("data", *arguments)
        assert said.code == ExitCode.NOT_FOUND
        assert said.err == "error: there is no data set 'mnits'; did you mean 'mnist'?\n"


def test_folder_that_cannot_be_written(realspike: Realspike, tmp_path: Path) -> None:
    taken = tmp_path / "file"
    taken.write_text("")
    said = realspike("data", "fetch", "mnist", "--data-dir", str(taken))
    assert said.code == ExitCode.BAD_INPUT
    assert said.err == f"error: {taken / 'mnist'}: Not a directory\n"


def test_images_that_are_none(
    realspike: Realspike, service_env: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("client.models.Models.find", lambda self, short: {"id": short})
    path = tmp_path / "images.json"
    for text, problem in [
        ("{", "not JSON"),
        ("[[[[NaN]]]]", "NaN is no number"),
        ("[]", "expected a list of samples"),
        ('{"inputs": [[[[0]]]], "labels": [1, 2]}', "1 inputs, but 2 labels"),
    ]:
        path.write_text(text)
        said = realspike("model", "predict", "x", str(path))
        assert said.code == ExitCode.BAD_INPUT
        assert problem in said.err
    assert "No such file" in realspike("model", "predict", "x", str(tmp_path / "no.json")).err


def test_model_is_not_verified_without_torch(
    realspike: Realspike, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("client.cli.verify.find_spec", lambda name: None)
    said = realspike("model", "verify", str(tmp_path))
    assert said.code == ExitCode.BAD_INPUT
    assert said.err.startswith("error: ")
    assert "pip install 'realspike[worker]'" in said.err


def test_folder_without_a_model_does_not_verify(realspike: Realspike, tmp_path: Path) -> None:
    said = realspike("model", "verify", str(tmp_path), "--json")
    assert said.code != ExitCode.OK
    assert said.document["verified"] is False
    said = realspike("model", "verify", str(tmp_path / "none"))
    assert said.code == ExitCode.BAD_INPUT
    assert "is no folder" in said.err


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InputError("x"), ExitCode.BAD_INPUT),
        (InvalidError(PROBLEM), ExitCode.BAD_INPUT),
        (NotFoundError(PROBLEM), ExitCode.NOT_FOUND),
        (UnknownDatasetError("x"), ExitCode.NOT_FOUND),
        (ServerUnreachableError("u", "r"), ExitCode.UNREACHABLE),
        (FetchError("x"), ExitCode.UNREACHABLE),
        (ConflictError(PROBLEM), ExitCode.CONFLICT),
        (ServerFailedError(PROBLEM), ExitCode.SERVER_ERROR),
        (ProblemError(PROBLEM), ExitCode.BAD_INPUT),
        (DownloadError("x"), ExitCode.SERVER_ERROR),
        (ClientError("x"), ExitCode.SERVER_ERROR),
    ],
)
def test_exit_code_of_each_error(error: ClientError, code: ExitCode) -> None:
    assert exit_code(error) is code


def test_reader_that_leaves_is_no_error() -> None:
    program = subprocess.Popen(
        [*SCRIPT, "run", "submit", "--help"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert program.stdout is not None
    program.stdout.close()
    _, err = program.communicate(timeout=60)
    assert b"Traceback" not in err


def test_up_until_ctrl_c(tmp_path: Path) -> None:
    options = ["--home", str(tmp_path / "home"), "--port", "0", "--workers", "0", "--json"]
    program = subprocess.Popen([*SCRIPT, "up", *options], stdout=subprocess.PIPE, text=True)
    assert program.stdout is not None
    with program.stdout as out:
        ready = json.loads(out.readline())
        assert ready["event"] == "ready"
        version = subprocess.run(
            [*SCRIPT, "--url", ready["url"], "version"], capture_output=True, text=True, check=True
        )
        assert "service " in version.stdout
        program.send_signal(signal.SIGINT)
        assert program.wait(timeout=30) == ExitCode.OK


def test_up_on_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = subprocess.run(
            [*SCRIPT, "up", "--home", str(tmp_path / "home"), "--port", str(port)],
            capture_output=True,
            text=True,
            check=False,
        )
    assert said.returncode == ExitCode.ENDED_BADLY
    assert said.stderr.startswith(f"error: port {port} on 127.0.0.1 is taken")
    assert "--port or REALSPIKE_PORT" in said.stderr
    assert said.stderr.count("\n") == 1
