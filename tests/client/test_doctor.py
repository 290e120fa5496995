"""`realspike doctor` as a person runs it."""

from __future__ import annotations

import socket
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from client import doctor
from client.cli.exits import ExitCode
from client.doctor import Finding, packages, service
from rscore.hints import command
from tests.client.conftest import Realspike

OWN = version("realspike")


def of(findings: list[Finding], check: str) -> list[tuple[str, str]]:
    """Status and words of every finding of a check."""
    return [(one["status"], one["says"]) for one in findings if one["check"] == check]


class Pretender(BaseHTTPRequestHandler):
    """Answers a health check as another program, or as another version, would."""

    health = '{"version": "0.0.9"}'
    ready = (
        '{"ready": false, "checks": {"database": "ok", "broker": "it is away"}, '
        '"warnings": ["no worker is alive"]}'
    )

    def do_GET(self) -> None:
        body = (self.ready if self.path.endswith("/ready") else self.health).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the parent's name
        pass


@pytest.fixture
def pretender() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Pretender) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_running_service(realspike: Realspike, service_env: str, service_home: Path) -> None:
    said = realspike("doctor", "--home", str(service_home), "--json")
    document = said.document
    assert (said.code, document["ok"]) == (ExitCode.OK, True), document
    findings = document["findings"]
    assert {status for status, _ in of(findings, "service")} == {"ok"}
    for check in ("python", "database", "schema", "broker", "workers", "scheduler", "device"):
        assert of(findings, check), check
        assert {status for status, _ in of(findings, check)} == {"ok"}, (check, findings)


def test_a_service_of_another_home(
    realspike: Realspike, service_env: str, service_home: Path, tmp_path: Path
) -> None:
    elsewhere = realspike("doctor", "--home", str(tmp_path), "--json").document["findings"]
    (said,) = [one for one in of(elsewhere, "home") if "another one" in one[1]]
    assert said == (
        "warning",
        f"the service of {tmp_path} does not run: what answers at {service_env} is another one",
    )


def test_a_problem_is_exit_code_1(realspike: Realspike, tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
    said = realspike("doctor", "--home", str(tmp_path / "home"), "--url", url)
    assert said.code == ExitCode.ENDED_BADLY
    assert f"problem  service    nothing answers at {url}" in said.out.splitlines()
    assert said.out.splitlines()[-1].startswith("1 problems")
    assert "\x1b" not in said.out
    assert f"-> start it with `{command('up')}`" in said.out
    assert list(tmp_path.iterdir()) == []


def test_nothing_at_the_usual_address_is_a_warning() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
    assert of(list(service(url, expected=False)), "service")[0][0] == "warning"
    assert of(list(service(url, expected=True)), "service")[0][0] == "problem"


def test_another_version_that_is_not_ready(pretender: str) -> None:
    found = of(list(service(pretender, expected=True)), "service")
    assert found[0] == ("warning", f"version 0.0.9 at {pretender}, and here is {OWN}")
    assert found[1:] == [("problem", "its broker: it is away"), ("warning", "no worker is alive")]


def test_another_program(pretender: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Pretender, "health", '["hello"]')
    ((status, said),) = of(list(service(pretender, expected=True)), "service")
    assert (status, said) == ("problem", f"another program answers at {pretender}")


def test_a_server_that_takes_connections_and_never_answers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(doctor, "ANSWER_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        ((status, said),) = of(list(service(url, expected=True)), "service")
    assert status == "problem"
    assert "does not answer" in said


def test_packages_that_are_not_as_tested(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    constraints = tmp_path / "constraints.txt"
    monkeypatch.setattr(doctor, "CONSTRAINTS", constraints)
    assert of(list(packages()), "packages")[0][0] == "ok"
    constraints.write_text("# exact\npytest==0.1\nno-such-package==1\nlocal\n")
    ((status, said),) = of(list(packages()), "packages")
    assert status == "warning"
    assert f"pytest {pytest.__version__} (tested: 0.1)" in said
    assert "no-such-package" not in said


def test_a_child_that_hangs_or_breaks_is_a_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    modules = {
        "hangs": "import threading; threading.Event().wait()",
        "breaks": "raise RuntimeError('oh')",
        "lacks": "import no_such_package",
    }
    for name, code in modules.items():
        (tmp_path / f"{name}.py").write_text(code)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(doctor, "CHILDREN", {"a": "lacks", "b": "breaks", "c": "hangs"})
    monkeypatch.setattr(doctor, "CHILD_SECONDS", 3.0)
    started: list[subprocess.Popen[str]] = []
    start = doctor._start

    def remembered(module: str, home: Path) -> subprocess.Popen[str]:
        started.append(start(module, home))
        return started[-1]

    monkeypatch.setattr(doctor, "_start", remembered)
    found = doctor.examine("http://127.0.0.1:9", home=tmp_path, expected=False)
    assert of(found, "c") == [("problem", "it could not be examined in time")]
    assert of(found, "b") == [("problem", "it could not be examined: RuntimeError: oh")]
    assert of(found, "a") == [
        ("warning", "not examined from here: No module named 'no_such_package'")
    ]
    assert all(child.poll() is not None for child in started)
