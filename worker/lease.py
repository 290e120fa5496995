"""The lease of one attempt: renewed while it works, and the one who knows why it should stop."""

from __future__ import annotations

import time

from rscore.reporting import StopReason
from server.errors import StaleAttemptError
from server.storage import lifecycle
from server.storage.database import Database


class Lease:
    """An attempt's right to write. A lease that could not be renewed in time counts as lost."""

    def __init__(self, database: Database, run_id: str, attempt: int, *, seconds: float) -> None:
        self.run_id = run_id
        self.attempt = attempt
        self._database = database
        self._seconds = seconds
        self._ends = time.monotonic() + seconds
        self._reason: StopReason | None = None

    @property
    def lost(self) -> bool:
        """True once another attempt may own the run."""
        return self.stop_reason() is StopReason.SUPERSEDED

    def stop_reason(self) -> StopReason | None:
        """Why the attempt should stop, or None."""
        if time.monotonic() > self._ends:
            return StopReason.SUPERSEDED
        return self._reason

    def lose(self) -> None:
        """Note that the run belongs to somebody else now; this is for ever."""
        self._ends = float("-inf")

    def renew(self) -> None:
        """Renew once; raises StorageUnavailableError when the database does not answer."""
        started = time.monotonic()
        if started > self._ends:
            return
        try:
            with self._database.write() as session:
                self._reason = lifecycle.renew(
                    session, self.run_id, self.attempt, lease_seconds=self._seconds
                )
        except StaleAttemptError:
            self.lose()
        else:
            self._ends = max(self._ends, started + self._seconds) if not self.lost else self._ends

    def require(self) -> None:
        """Raise StaleAttemptError when the lease is lost."""
        if self.lost:
            raise StaleAttemptError(self.run_id, self.attempt)
