"""Signals of a training in the foreground; what else it does is tested by test_main.py."""

from __future__ import annotations

import signal

import pytest
from rich.console import Console

from rscore.reporting import StopReason
from rscore.standalone import TerminalReporter, stop_on_signals


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_patient_process_waits_for_the_step_whatever_comes(number: signal.Signals) -> None:
    reporter = TerminalReporter(Console(quiet=True))
    before = signal.getsignal(number)
    with stop_on_signals(reporter, patient=True):
        assert reporter.stop_requested() is None
        for _ in range(3):
            signal.raise_signal(number)
        assert reporter.stop_requested() is StopReason.DRAINED
    assert signal.getsignal(number) is before


def test_a_second_ctrl_c_ends_the_process() -> None:
    reporter = TerminalReporter(Console(quiet=True))
    before = signal.getsignal(signal.SIGINT)
    with stop_on_signals(reporter, patient=False):
        signal.raise_signal(signal.SIGINT)
        assert reporter.stop_requested() is StopReason.DRAINED
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before
