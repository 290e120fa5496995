"""The lease of one attempt: renewed while it works, and the one who knows why it should stop."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rscore.reporting import StopReason
from server import logs
from server.errors import StaleAttemptError, StorageUnavailableError
from server.storage import lifecycle
from server.storage.database import Database
from worker.orphan import is_orphaned
from worker.patience import patiently

logger = logging.getLogger(__name__)


class Lease:
    """An attempt's right to write.

    A lease that could not be renewed in time may be somebody else's: whoever asks then waits
    until the database says whose it is, and works on only when it still is this attempt's.
    """

    def __init__(self, database: Database, run_id: str, attempt: int, *, seconds: float) -> None:
        self.run_id = run_id
        self.attempt = attempt
        self._database = database
        self._seconds = seconds
        self._ends = time.monotonic() + seconds
        self._reason: StopReason | None = None
        self._lost = False

    @property
    def lost(self) -> bool:
        """True once the database said that the run is somebody else's; this is for ever."""
        return self._lost

    def lose(self) -> None:
        """Note that the run is somebody else's now."""
        self._lost = True

    def stop_reason(self) -> StopReason | None:
        """Why the attempt should stop, or None; waits for the database after the lease's end."""
        if not self._lost and time.monotonic() > self._ends:
            self._ask()
        if self._lost:
            return StopReason.SUPERSEDED
        if self._reason is None and is_orphaned():
            return StopReason.DRAINED
        return self._reason

    def require(self) -> None:
        """Raise StaleAttemptError when the run is somebody else's."""
        if self.stop_reason() is StopReason.SUPERSEDED:
            raise StaleAttemptError(self.run_id, self.attempt)

    def renew(self) -> None:
        """Renew once; raises StorageUnavailableError when the database does not answer."""
        started = time.monotonic()
        try:
            with self._database.write() as session:
                self._reason = lifecycle.renew(
                    session, self.run_id, self.attempt, lease_seconds=self._seconds
                )
        except StaleAttemptError:
            self._lost = True
        else:
            self._ends = max(self._ends, started + self._seconds)

    @contextmanager
    def kept(self, every: float) -> Iterator[None]:
        """Renew it so often within the block, from a thread that nothing else keeps waiting."""
        ended = threading.Event()
        thread = threading.Thread(
            target=logs.carried(self._keep), args=(every, ended), name="heartbeat", daemon=True
        )
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def _keep(self, every: float, ended: threading.Event) -> None:
        away = False
        while not self._lost and not ended.wait(every):
            try:
                self.renew()
                away = False
            except StorageUnavailableError as error:
                if not away:
                    logger.warning("run %s: the lease is not renewed: %s", self.run_id, error)
                away = True

    def _ask(self) -> None:
        logger.warning("run %s: the lease has run out; is it still ours?", self.run_id)
        patiently(self.renew, give_up=lambda: self._lost)
