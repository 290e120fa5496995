"""`realspike doctor`: one look at everything when something is wrong."""

from __future__ import annotations

import textwrap
from collections import Counter
from pathlib import Path

import typer
from rich.console import Console
from rich.text import Text

from client.api import default_url
from client.cli.context import JsonFlag, UrlOption, invocation
from client.cli.exits import ExitCode
from client.cli.safety import Home
from client.doctor import Finding, examine

STYLES = {"ok": "green", "warning": "yellow", "problem": "bold red"}
INDENT = 20


def doctor(
    ctx: typer.Context,
    home: Home = Path(".realspike"),
    as_json: JsonFlag = False,
    url: UrlOption = None,
) -> None:
    """Check this installation, its stores, its processes and its runs; say what to do."""
    cli = invocation(ctx, url=url, as_json=as_json)
    if not cli.as_json:
        cli.note("looking at everything; this takes some seconds")
    findings = examine(cli.url, home=home, expected=cli.url != default_url())
    problems = sum(finding["status"] == "problem" for finding in findings)
    cli.show({"ok": not problems, "findings": findings}, lambda out: _print(out, findings))
    if problems:
        raise typer.Exit(ExitCode.ENDED_BADLY)


def _print(out: Console, findings: list[Finding]) -> None:
    for finding in findings:
        status = Text(f"{finding['status']:<9}", style=STYLES.get(finding["status"], ""))
        lines = _wrapped(finding["says"], out.width)
        if finding["way_out"]:
            lines += _wrapped(f"-> {finding['way_out']}", out.width)
        out.print(status + f"{finding['check']:<{INDENT - len(status)}}{lines[0]}")
        for line in lines[1:]:
            out.print(" " * INDENT + line)
    counts = Counter(finding["status"] for finding in findings)
    out.print(f"{counts['problem']} problems, {counts['warning']} warnings, {counts['ok']} ok")


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, max(width - INDENT, 40), break_on_hyphens=False) or [""]
