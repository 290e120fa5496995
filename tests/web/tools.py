"""Node, the built page and Chromium, as the tests of the page find them."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from pathlib import Path
from types import ModuleType

import pytest

WEB = Path(__file__).parents[2] / "web"

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def build_script() -> ModuleType:
    """web/build.py as a module."""
    spec = importlib.util.spec_from_file_location("web_build", WEB / "build.py")
    if spec is None or spec.loader is None:
        raise AssertionError("web/build.py is gone")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def node_folder(build: ModuleType) -> Path:
    """Folder of Node and npm; skips the test when there is no Node at all."""
    try:
        folder: Path = build.find_node()
    except build.NodeMissingError as error:
        pytest.skip(str(error))
    return folder


def chromium() -> str:
    """A Chromium to drive; skips the test when there is none."""
    named = os.environ.get("REALSPIKE_TEST_CHROMIUM")
    found = named or next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if found is None:
        pytest.skip("no Chromium on PATH; install one or set REALSPIKE_TEST_CHROMIUM to its path")
    return found
