"""Waiting between the tries of one request: longer each time, and for so long in all."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

LONGEST_PAUSE = 2.0


class Patience:
    """Puts up with failures for some seconds after the first of them.

    `seconds` is asked at each failure, since how long to wait may depend on what was seen so far.
    """

    def __init__(
        self,
        seconds: Callable[[], float],
        *,
        first_pause: float = 0.2,
        longest_pause: float = LONGEST_PAUSE,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._seconds = seconds
        self._first_pause = first_pause
        self._longest_pause = longest_pause
        self._sleep = sleep
        self._clock = clock
        self.start_again()

    def start_again(self) -> None:
        """Forget the failures so far: something went well."""
        self._failed_at: float | None = None
        self._length = self._first_pause

    def pause(self, at_least: float = 0.0) -> bool:
        """Wait after a failure, True when another try is due; False when it went on too long."""
        now = self._clock()
        if self._failed_at is None:
            self._failed_at = now
        left = self._failed_at + self._seconds() - now
        if left <= 0 or at_least > left:
            return False
        length = min(self._length, self._longest_pause) * random.uniform(0.8, 1.2)
        self._sleep(min(left, max(at_least, length)))
        self._length *= 2
        return True
