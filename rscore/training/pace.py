"""Pace: how long a training has taken and will take, and when to speak of it."""

from __future__ import annotations

import time

PROGRESS_SECONDS = 0.25
"""Least time between two calls of Reporter.progress."""


class Pace:
    """Clock of one attempt; times are wall-clock seconds."""

    def __init__(self) -> None:
        self._earlier_seconds = 0.0
        self._first_step = 0
        self._started = self._epoch_started = self._saved = time.monotonic()
        self._spoken = float("-inf")

    def start(self, step: int, *, epoch_seconds: float = 0.0) -> None:
        """Begin at `step`, in an epoch that has taken `epoch_seconds` in an earlier attempt."""
        self._earlier_seconds = epoch_seconds
        self._first_step = step
        self._started = self._epoch_started = self._saved = time.monotonic()

    def epoch_seconds(self) -> float:
        """Time spent on the present epoch, in all attempts."""
        return self._earlier_seconds + time.monotonic() - self._epoch_started

    def next_epoch(self) -> None:
        """The present epoch is complete."""
        self._earlier_seconds = 0.0
        self._epoch_started = time.monotonic()

    def eta_seconds(self, step: int, steps: int) -> float | None:
        """Time to go at the mean speed of this attempt, or None before its first step."""
        done = step - self._first_step
        return (time.monotonic() - self._started) / done * (steps - step) if done else None

    def may_speak(self) -> bool:
        """True when the last progress is old enough; the caller then speaks."""
        now = time.monotonic()
        if now - self._spoken < PROGRESS_SECONDS:
            return False
        self._spoken = now
        return True

    def saved(self) -> None:
        """A checkpoint was written."""
        self._saved = time.monotonic()

    def unsaved_seconds(self) -> float:
        """Time since the last checkpoint."""
        return time.monotonic() - self._saved
