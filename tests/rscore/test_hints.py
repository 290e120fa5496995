from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from rscore.hints import command


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An installed `realspike` in a folder of which the shell does not know."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    path = Path(".venv/bin/realspike")
    path.parent.mkdir(parents=True)
    path.touch()
    return str(path)


def called(monkeypatch: pytest.MonkeyPatch, python: str, script: str) -> None:
    monkeypatch.setattr(sys, "orig_argv", [python, script])
    monkeypatch.setattr(sys, "argv", [script])


def test_a_program_called_by_its_path_is_named_by_it(
    program: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    called(monkeypatch, "/usr/bin/python", program)
    assert command("run list") == ".venv/bin/realspike run list"


def test_a_module_names_the_program_beside_its_python(
    program: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    called(monkeypatch, ".venv/bin/python", "/somewhere/client/demo.py")
    assert command("up") == ".venv/bin/realspike up"


def test_a_program_that_the_shell_finds_has_its_bare_name(
    program: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    called(monkeypatch, ".venv/bin/python", program)
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    assert command("up") == "realspike up"


@pytest.mark.parametrize("python", ["python3", "/usr/bin/python3"])
def test_a_program_that_is_nowhere_has_its_bare_name(
    program: str, monkeypatch: pytest.MonkeyPatch, python: str
) -> None:
    called(monkeypatch, python, "/somewhere/script.py")
    assert command("up") == "realspike up"


def test_a_path_with_a_space_can_be_typed(
    program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "my own" / "realspike"
    path.parent.mkdir()
    path.touch()
    called(monkeypatch, "python3", str(path))
    assert command("up") == f"'{path}' up"
