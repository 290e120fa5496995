"""Programs of the service's own machine: they use its stores themselves, not over HTTP."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from client.errors import InputError


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a program ended: its exit code, and the document it printed if it did."""

    code: int
    document: Any


def run_program(
    module: str, arguments: Sequence[str], *, home: Path, say: Callable[[str], None]
) -> Outcome:
    """Run a module of the service to its end; each line that it says on the way goes to `say`.

    Raises:
        InputError: the service is not installed here.
    """
    if find_spec("sqlalchemy") is None:
        raise InputError(
            "this needs the service itself on this machine: pip install 'realspike[server]'"
        )
    with TemporaryFile() as output:
        with subprocess.Popen(
            [sys.executable, "-P", "-m", module, *arguments],
            env=environment_of(home),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        ) as process:
            try:
                for line in process.stderr or ():
                    say(line.rstrip("\n"))
            except KeyboardInterrupt:
                process.wait()  # it got the signal too, and takes back what it began
                raise
        output.seek(0)
        printed = output.read()
    return Outcome(process.returncode, json.loads(printed) if printed else None)


def environment_of(home: Path) -> dict[str, str]:
    """The environment of such a program: this one's, with that home and this installation."""
    # The program finds the same installation as this one, whatever the current folder holds.
    packages = str(Path(__file__).resolve().parent.parent)
    path = os.pathsep.join(filter(None, [packages, os.environ.get("PYTHONPATH")]))
    return os.environ | {"REALSPIKE_HOME": str(home.expanduser().absolute()), "PYTHONPATH": path}
