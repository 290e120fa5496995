"""`import realspike`, as a script does it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import realspike

LOADED = """
import sys, realspike
print(sorted({name.partition('.')[0] for name in sys.modules} & {'torch', 'httpx', 'client'}))
realspike.init, realspike.log, realspike.finish, realspike.Run, realspike.Client
print(sorted({name.partition('.')[0] for name in sys.modules} & {'torch', 'numpy', 'server'}))
"""


def test_the_import_loads_nothing_and_its_use_no_torch() -> None:
    said = subprocess.run(
        [sys.executable, "-c", LOADED],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout == "[]\n[]\n"


def test_it_has_what_it_names() -> None:
    assert all(getattr(realspike, name).__name__ == name for name in dir(realspike))
    with pytest.raises(AttributeError, match="no attribute 'watch'"):
        realspike.watch  # noqa: B018
