"""The pulse: a thread that says that a script is at work, and hears whether it should go on."""

from __future__ import annotations

import logging
import threading

from client.api import Client
from client.errors import ClientError

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 15.0
BEATS_PER_LEASE = 20
"""So often in the time after which the service takes a silent script for lost."""
REQUEST_SECONDS = 15.0

log = logging.getLogger("realspike")


class Pulse:
    """Beats until it is stopped; an outage is only waited out."""

    def __init__(self, url: str, run_id: str) -> None:
        self._client = Client(url, patience=0, timeout=REQUEST_SECONDS)
        self._run_id = run_id
        self._stop = threading.Event()
        self.cancelled = False
        self._thread = threading.Thread(target=self._run, name="realspike-pulse", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Beat no more."""
        self._stop.set()
        self._thread.join(1.0)  # a request may be on its way

    def _run(self) -> None:
        pause = FIRST_PAUSE
        with self._client:
            while not self._stop.wait(pause):
                pause = self._beat(pause)

    def _beat(self, pause: float) -> float:
        """Beat once; the seconds until the next time."""
        try:
            stand = self._client.runs.beat(self._run_id)
        except ClientError:  # the courier says what is wrong with the service
            return min(pause * 2, LONGEST_PAUSE)
        if stand["status"] == "cancelled" and not self.cancelled:
            self.cancelled = True
            log.warning("run %s was cancelled; `run.cancelled` says so", self._run_id)
        return min(stand["lease_seconds"] / BEATS_PER_LEASE, LONGEST_PAUSE)
