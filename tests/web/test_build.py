"""web/build.py finds a Node, builds once, and says what to do when it cannot."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.web.tools import build_script


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script, looking at a web folder of this test's own and finding no Node."""
    script = build_script()
    web = tmp_path / "web"
    (web / "src").mkdir(parents=True)
    (web / "src" / "main.tsx").write_text("1")
    (web / "package-lock.json").write_text("{}")
    monkeypatch.setattr(script, "WEB", web)
    monkeypatch.setattr(script, "DIST", web / "dist")
    monkeypatch.setattr(script, "BUILD_STAMP", web / "dist" / ".sources")
    monkeypatch.setattr(script, "INSTALL_STAMP", web / "node_modules" / ".lock-digest")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    return script


@pytest.mark.parametrize(
    ("version", "enough"),
    [
        ("v18.20.4", False),
        ("v20.18.9", False),
        ("v20.19.0", True),
        ("v21.9.0", False),
        ("v22.11.0", False),
        ("v22.12.0", True),
        ("v24.1.0", True),
        ("", False),
    ],
)
def test_a_node_must_be_one_that_vite_runs_on(
    build: ModuleType, version: str, enough: bool
) -> None:
    assert build.new_enough(version) is enough


def test_without_node_it_says_how_to_get_one(
    build: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    assert build.main([]) == build.NO_NODE
    said = capsys.readouterr().err
    assert "--install-node" in said
    assert said.count("\n") == 1


def test_node_is_found_on_the_path_only_with_its_npm(build: ModuleType, tmp_path: Path) -> None:
    node = tmp_path / "node"
    node.write_text("#!/bin/sh\necho v22.12.0\n")
    node.chmod(0o755)
    with pytest.raises(build.NodeMissingError):
        build.find_node()
    (tmp_path / "npm").write_text("#!/bin/sh\n")
    (tmp_path / "npm").chmod(0o755)
    assert build.find_node() == tmp_path


def test_it_builds_when_a_source_changed_and_only_then(
    build: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[tuple[str, ...]] = []

    def npm(_: Path, *arguments: str) -> None:
        ran.append(arguments)
        folder = build.INSTALL_STAMP.parent if arguments[0] == "ci" else build.DIST
        folder.mkdir(exist_ok=True)
        (folder / "index.html").write_text("")

    monkeypatch.setattr(build, "find_node", lambda: tmp_path)
    monkeypatch.setattr(build, "npm", npm)

    assert build.main([]) == 0
    assert [arguments[0] for arguments in ran] == ["ci", "run"]
    assert build.main([]) == 0
    assert len(ran) == 2

    (build.WEB / "src" / "main.tsx").write_text("2")
    assert build.main([]) == 0
    assert [arguments[0] for arguments in ran[2:]] == ["run"]

    (build.WEB / "package-lock.json").write_text("{ }")
    assert build.main([]) == 0
    assert [arguments[0] for arguments in ran[3:]] == ["ci", "run"]
