"""What a user can type or set is documented."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from client.cli.exits import ExitCode
from client.cli.main import app
from server.settings import Settings

GUIDE = Path(__file__).parents[2] / "docs" / "guide"
CLI = (GUIDE / "cli.md").read_text()
SETTINGS = (GUIDE / "settings.md").read_text()


CLIENT_SETTINGS = {"URL", "SPOOL_DIR"}


def leaves(command: Any, *path: str) -> Iterator[tuple[str, Any]]:
    subcommands = getattr(command, "commands", None)
    if subcommands is None:
        yield " ".join(path), command
        return
    for name, below in subcommands.items():
        yield from leaves(below, *path, name)


COMMANDS = dict(leaves(typer.main.get_command(app), "realspike"))


def section(heading: str) -> str:
    """The text below a heading, up to the next one."""
    found = re.search(
        rf"^###? {re.escape(heading)}\n(.*?)(?=^##|\Z)", CLI, re.DOTALL | re.MULTILINE
    )
    assert found, f"docs/guide/cli.md has no section {heading!r}"
    return found.group(1)


@pytest.mark.parametrize("name", COMMANDS)
def test_command_with_its_options_and_arguments(name: str) -> None:
    text = section(f"`{name}`")
    everywhere = section("Everywhere")
    for parameter in COMMANDS[name].params:
        if parameter.param_type_name == "argument":
            documented = re.search(
                rf"`{name} [^`]*{re.escape(parameter.metavar.strip('[]'))}", text
            )
            assert documented, f"{name}: argument {parameter.metavar} is undocumented"
            continue
        for option in parameter.opts:
            pattern = rf"`{re.escape(option)}\b"
            assert re.search(pattern, text) or re.search(pattern, everywhere), (
                f"{name}: option {option} is undocumented in docs/guide/cli.md"
            )


def test_no_section_of_a_command_that_is_gone() -> None:
    documented = set(re.findall(r"^### `(realspike [^`]+)`$", CLI, re.MULTILINE))
    assert documented == set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_takes_json_and_url(name: str) -> None:
    options = {option for parameter in COMMANDS[name].params for option in parameter.opts}
    assert {"--json", "--url"} <= options


@pytest.mark.parametrize("code", list(ExitCode))
def test_exit_code(code: ExitCode) -> None:
    assert re.search(rf"^\| {code.value} \| {code.name} \|", CLI, re.MULTILINE)


@pytest.mark.parametrize("name", Settings.model_fields)
def test_setting_with_its_default_and_description(name: str) -> None:
    field = Settings.model_fields[name]
    default = "" if field.default in (None, "") else f"`{field.default}`"
    row = f"| `REALSPIKE_{name.upper()}` | {default} | {field.description} |"
    assert row in SETTINGS.splitlines(), f"docs/guide/settings.md lacks the row\n{row}"


def test_no_setting_that_is_gone() -> None:
    named = set(re.findall(r"`REALSPIKE_([A-Z_]+)`", SETTINGS))
    assert named == {name.upper() for name in Settings.model_fields} | CLIENT_SETTINGS
