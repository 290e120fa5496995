"""How processes end, and what the service is told of it."""

from __future__ import annotations

import sys

import pytest

from client.script.ending import End, ProcessEnding, end_of, end_of_code


@pytest.mark.parametrize(
    ("error", "end"),
    [
        (None, End("succeeded", 0)),
        (SystemExit(), End("succeeded", 0)),
        (SystemExit(0), End("succeeded", 0)),
        (SystemExit(3), End("failed", 3, "the script ended with exit code 3")),
        (SystemExit("no data"), End("failed", 1, "no data")),
        (KeyboardInterrupt(), End("cancelled", 130, "the script was interrupted (Ctrl-C)")),
        (ValueError("boom"), End("failed", 1, "ValueError: boom")),
    ],
)
def test_what_an_exception_means(error: BaseException | None, end: End) -> None:
    assert end_of(error) == end


def test_an_exception_says_where_it_was_raised() -> None:
    try:
        end_of_code(1 / 0)
    except ZeroDivisionError as error:
        detail = end_of(error).detail
    assert detail is not None
    assert detail.startswith("ZeroDivisionError: division by zero (")
    assert "test_ending.py, line" in detail


def test_a_process_ends_as_its_hooks_say(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[BaseException] = []
    monkeypatch.setattr(sys, "excepthook", lambda _kind, error, _trace: seen.append(error))
    monkeypatch.setattr(sys, "exit", sys.exit)
    ending = ProcessEnding()
    assert ending.end == End("succeeded", 0)
    with pytest.raises(SystemExit):
        sys.exit(3)
    assert ending.end.exit_code == 3
    ending.go_on()
    assert ending.end.status == "succeeded"
    error = ValueError("boom")
    sys.excepthook(ValueError, error, None)
    assert (ending.end.status, seen) == ("failed", [error])
