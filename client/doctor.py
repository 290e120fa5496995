"""What is wrong with an installation and the service it speaks to, and the way out."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any, TypedDict, cast

import httpx

from client.place import url_at
from client.programs import environment_of
from client.transport import API, LOOPBACK
from rscore.hints import command

CHILDREN = {"service": "server.doctor", "machine": "worker.doctor"}
"""Modules that look where this package may not: at the stores, and at torch."""
CHILD_SECONDS = 75.0
ANSWER_SECONDS = 6.0
"""Longer than the service takes to find that something it needs hangs."""
CONSTRAINTS = Path(__file__).resolve().parent.parent / "constraints.txt"
SHOWN = 6


class Finding(TypedDict):
    """One thing that was checked: ok, warning or problem; and the way out where there is one."""

    check: str
    status: str
    says: str
    way_out: str


def examine(url: str, *, home: Path, expected: bool) -> list[Finding]:
    """Everything that can be found from here; without an answer at `url` where one is expected."""
    children = {name: _start(module, home) for name, module in CHILDREN.items()}
    ends = time.monotonic() + CHILD_SECONDS
    found = [*packages(), *service(url, expected=expected, home=home)]
    for name, child in children.items():
        found += _finish(name, child, ends)
    return found


def packages() -> Iterator[Finding]:
    """Python, and packages of another version than the one that was tested."""
    python = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    yield _finding("python", "ok", python)
    own = metadata.version("realspike")
    if not CONSTRAINTS.is_file():
        yield _finding("packages", "ok", f"realspike {own}; no constraints.txt to compare with")
        return
    others = list(_others(CONSTRAINTS.read_text(encoding="utf-8")))
    if others:
        more = f" and {len(others) - SHOWN} more" if len(others) > SHOWN else ""
        yield _finding(
            "packages",
            "warning",
            f"realspike {own}; not as tested: {', '.join(others[:SHOWN])}{more}",
            f"pip install -c {CONSTRAINTS} --upgrade NAME, where something misbehaves",
        )
    else:
        yield _finding("packages", "ok", f"realspike {own}; all as tested")


def _others(constraints: str) -> Iterator[str]:
    for line in constraints.splitlines():
        name, pinned, tested = line.partition("#")[0].strip().partition("==")
        if not pinned:
            continue
        try:
            here = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue  # not every machine needs every package
        if here.partition("+")[0] != tested:
            yield f"{name} {here} (tested: {tested})"


def service(url: str, *, expected: bool, home: Path | None = None) -> Iterator[Finding]:
    """Who answers at an address: this service, of this version, ready for work, of that home."""
    loopback = httpx.URL(url).host in LOOPBACK
    with httpx.Client(base_url=url, timeout=ANSWER_SECONDS, trust_env=not loopback) as http:
        try:
            health = _document(http.get(f"{API}/health"))
            if health is None or "version" not in health:
                yield _finding(
                    "service",
                    "problem",
                    f"another program answers at {url}",
                    f"stop it, or choose another port: {command('up --port N')}, REALSPIKE_PORT",
                )
                return
            yield _version(url, str(health["version"]))
            if home is not None:
                yield from _whose(url, home)
            yield from _readiness(_document(http.get(f"{API}/ready")) or {})
        except httpx.ConnectError:
            yield _finding(
                "service",
                "problem" if expected else "warning",
                f"nothing answers at {url}",
                f"start it with `{command('up')}`, or say where it is with --url or REALSPIKE_URL",
            )
        except httpx.TransportError as error:
            yield _finding(
                "service",
                "problem",
                f"{url} takes connections and does not answer ({type(error).__name__})",
                "read the server's log, and start it again",
            )


def _whose(url: str, home: Path) -> Iterator[Finding]:
    """A warning when what answers at an address of this machine stores elsewhere than looked at."""
    if "REALSPIKE_DATABASE_URL" in os.environ or httpx.URL(url).host not in LOOPBACK:
        return
    home = home.expanduser().absolute()
    there = url_at(home)
    if there == url:
        return
    at = f"listens at {there}" if there else "does not run"
    yield _finding(
        "home",
        "warning",
        f"the service of {home} {at}: what answers at {url} is another one",
        "the findings about database, files and runs are those of the home; choose with --home "
        "and --url",
    )


def _version(url: str, theirs: str) -> Finding:
    own = metadata.version("realspike")
    if theirs == own:
        return _finding("service", "ok", f"version {theirs} at {url}")
    return _finding(
        "service",
        "warning",
        f"version {theirs} at {url}, and here is {own}",
        "install the same version on both sides",
    )


def _readiness(ready: dict[str, Any]) -> Iterator[Finding]:
    away = {name: said for name, said in ready.get("checks", {}).items() if said != "ok"}
    for name, said in away.items():
        yield _finding("service", "problem", f"its {name}: {said}")
    for said in ready.get("warnings", []):
        yield _finding("service", "warning", said)
    if ready.get("ready"):
        yield _finding("service", "ok", "ready: database, schema, artifacts and broker answer it")
    elif not away:
        yield _finding("service", "problem", "it does not say whether it is ready", "see its log")


def _document(response: httpx.Response) -> dict[str, Any] | None:
    try:
        document = response.json()
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def _start(module: str, home: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-P", "-m", module],
        env=environment_of(home),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    )


def _finish(name: str, child: subprocess.Popen[str], ends: float) -> list[Finding]:
    """What a child found, once it has ended or its time is over."""
    with child:
        try:
            out, err = child.communicate(timeout=max(0.0, ends - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.kill()
            return [_finding(name, "problem", "it could not be examined in time")]
    try:
        return cast(list[Finding], json.loads(out))
    except ValueError:
        return [_unexamined(name, err)]


def _unexamined(name: str, said: str) -> Finding:
    last = next((line for line in reversed(said.splitlines()) if line.strip()), "it said nothing")
    if last.startswith("ModuleNotFoundError"):
        extra = "server" if name == "service" else "worker"
        return _finding(
            name,
            "warning",
            f"not examined from here: {last.partition(': ')[2]}",
            f"on a machine of the service: pip install 'realspike[{extra}]'",
        )
    return _finding(name, "problem", f"it could not be examined: {last}", "please report it")


def _finding(check: str, status: str, says: str, way_out: str = "") -> Finding:
    return Finding(check=check, status=status, says=says, way_out=way_out)
