"""Commands in messages, as whoever reads them can type them; torch-free."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path

_PROGRAM = "realspike"


def command(arguments: str) -> str:
    """A `realspike` command: by its path where the shell would not find it by its name."""
    return f"{_program()} {arguments}"


def _program() -> str:
    if shutil.which(_PROGRAM):
        return _PROGRAM
    beside_python = os.fspath(Path(sys.orig_argv[0]).with_name(_PROGRAM))
    for called in (sys.argv[0], beside_python):
        folder, name = os.path.split(called)
        if folder and name == _PROGRAM and Path(called).is_file():
            return shlex.quote(called)
    return _PROGRAM
