"""Logs of a process as somebody else reads them."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

SAYS = """
import logging, threading, warnings
import structlog
from server import logs
from server.settings import load_settings

logs.configure(load_settings(), process="worker", worker_id="worker-1")
library = logging.getLogger("some.library")
library.info("before")
with logs.bound(run_id="run_1", attempt=2):
    library.info("hello %s", "there")
    structlog.get_logger("ours").warning("odd", count=3)
    bound = threading.Thread(target=logs.carried(lambda: library.info("from a thread")))
    bound.start()
    bound.join()
    warnings.warn("careful")
    try:
        {}["missing"]
    except KeyError:
        library.exception("a fault")
library.info("about one", extra={"run_id": "run_9", "unknown": object()})
library.debug("too small")
logging.getLogger("kombu.connection").warning("chatter")
failing = threading.Thread(target=lambda: 1 / 0)
failing.start()
failing.join()
raise SystemExit(0)
"""


def said(code: str, monkeypatch: pytest.MonkeyPatch, **settings: str) -> list[str]:
    for name, value in {"log_level": "info", **settings}.items():
        monkeypatch.setenv(f"REALSPIKE_{name.upper()}", value)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == ""
    return done.stderr.splitlines()


@pytest.fixture
def records(monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, Any]]:
    """What the process said, by event, where nobody set a format and no terminal is there."""
    lines = [json.loads(line) for line in said(SAYS, monkeypatch)]
    return {line["event"].split(":")[0]: line for line in lines}


def test_every_line_is_one_json_object(records: dict[str, dict[str, Any]]) -> None:
    line = records["hello there"]
    assert list(line)[:4] == ["timestamp", "level", "logger", "event"]
    assert line["timestamp"].endswith("Z")
    assert (line["level"], line["logger"]) == ("info", "some.library")
    assert (line["process"], line["worker_id"]) == ("worker", "worker-1")
    assert records["odd"]["count"] == 3
    assert "KeyError" in records["a fault"]["exception"]
    assert not {"too small", "chatter"} & set(records)


def test_lines_of_an_attempt_say_which(records: dict[str, dict[str, Any]]) -> None:
    for event in ("hello there", "odd", "from a thread", "a fault"):
        assert (records[event]["run_id"], records[event]["attempt"]) == ("run_1", 2), event
    assert "run_id" not in records["before"]
    about = records["about one"]
    assert about["run_id"] == "run_9"
    assert not {"attempt", "unknown"} & set(about)


def test_warnings_and_what_nobody_caught_are_lines_too(records: dict[str, dict[str, Any]]) -> None:
    warned = next(line for line in records.values() if line["logger"] == "py.warnings")
    assert "careful" in warned["event"]
    assert warned["run_id"] == "run_1"
    assert "ZeroDivisionError" in records["uncaught exception"]["exception"]


def test_text_is_for_a_person(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = said(SAYS, monkeypatch, log_format="text")
    hello = next(line for line in lines if "hello there" in line)
    assert "[info" in hello
    assert "run_id=run_1" in hello
    assert "worker-1" not in hello  # the same on every line
    assert "\x1b" not in hello
    assert any(line.startswith("ZeroDivisionError") for line in lines)


def test_a_process_that_dies_says_so_in_json(monkeypatch: pytest.MonkeyPatch) -> None:
    code = SAYS.replace("raise SystemExit(0)", "raise RuntimeError('the end')")
    monkeypatch.setenv("REALSPIKE_LOG_FORMAT", "json")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    last = json.loads(done.stderr.splitlines()[-1])
    assert last["level"] == "critical"
    assert "RuntimeError: the end" in last["exception"]
