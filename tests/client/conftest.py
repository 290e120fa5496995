"""A real service, and the command line as a user runs it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from client.api import Client
from client.cli.main import main
from client.supervisor import service

RUN_FILE = """
name: small
experiment: tests
spec: {dataset: digits, train_samples: 200, test_samples: 50, epochs: 2, certificate_samples: 16}
"""
STUDY_FILE = """
name: two cells
experiment: tests
base: {dataset: digits, train_samples: 200, test_samples: 50, epochs: 1, certificate_samples: 16}
ablate: {granularity: [binary, channel]}
seeds: [0]
"""


@dataclass(frozen=True, slots=True)
class Said:
    """What one command came to."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """Its output as JSON."""
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        """Its output as JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]


Realspike = Callable[..., Said]


@pytest.fixture
def realspike(capsys: pytest.CaptureFixture[str]) -> Realspike:
    """Runs one command line."""

    def run(*arguments: str) -> Said:
        code = main(list(arguments))
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return Said(code, captured.out, captured.err)

    return run


@pytest.fixture(scope="session")
def service_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of everything that the running service stores."""
    return tmp_path_factory.mktemp("service")


@pytest.fixture(scope="session")
def service_url(service_home: Path) -> Iterator[str]:
    """A running service; two slots, since one core a training is quickest at this size."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("REALSPIKE_")]:
            patch.delenv(name)
        with service(home=service_home, workers=1, slots=2) as url:
            yield url


@pytest.fixture
def service_env(service_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The running service, named by the environment as a user would."""
    monkeypatch.setenv("REALSPIKE_URL", service_url)
    return service_url


@pytest.fixture
def client(service_url: str) -> Iterator[Client]:
    """A client of the running service."""
    with Client(service_url) as client:
        yield client


@pytest.fixture
def run_file(tmp_path: Path) -> Path:
    """A run file that trains in about a second."""
    path = tmp_path / "run.yaml"
    path.write_text(RUN_FILE)
    return path


@pytest.fixture
def study_file(tmp_path: Path) -> Path:
    """A study file of two runs."""
    path = tmp_path / "study.yaml"
    path.write_text(STUDY_FILE)
    return path
