"""The scheduler: queues runs again whose worker fell silent, and wakes runs that wait.

Several of them at once are harmless: every change is made under the run's lock, and a message
too many is a message that finds nothing to do. Run it with `python -m worker.scheduler`.
"""

from __future__ import annotations

import logging
import signal
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from types import FrameType

from server import logs
from server.errors import QueueError, ServerError
from server.queue import RunQueue
from server.settings import Settings, load_settings
from server.storage import events, heartbeats, lifecycle, webhook_deliveries
from server.storage.database import Database
from server.waking import wake
from worker.hooks import Hooks
from worker.purging import Purging
from worker.searching import Searching
from worker.sweeping import Sweeping

logger = logging.getLogger(__name__)

LONGEST_BACK_OFF = 15.0
BEAT_SECONDS = 5.0
"""How often it is noted that a scheduler is at work."""
PRUNE_SECONDS = 600.0
EVENTS_KEPT = timedelta(days=2)
"""A reader that was away longer starts again from the state."""
DELIVERIES_KEPT = timedelta(days=30)
"""What webhooks were told can be looked up for so long."""


class Scheduler:
    """One pass at a time over the runs that need somebody."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._database = Database(settings.resolved_database_url)
        self._queue = RunQueue(settings)
        self._purging = Purging(settings, self._database)
        self._sweeping = Sweeping(settings, self._database)
        self._searching = Searching(settings, self._database)
        self._hooks = Hooks(settings, self._database)
        self._beat_at = 0.0
        self._prune_at = 0.0

    def tick(self) -> None:
        """One pass; raises ServerError when the database or the broker does not answer."""
        self._beat()
        self._reap()
        self._searching.step()
        wake(self._database, self._queue, self._settings)
        self._prune()

    def tidy(self) -> None:
        """One step of what may take long, since it waits for the file store."""
        self._purging.step()
        self._sweeping.step()

    def tell(self) -> None:
        """Tell webhooks what happened, which waits for those who receive it."""
        self._hooks.collect()
        self._hooks.send()

    def close(self) -> None:
        """Close every connection."""
        self._database.close()
        self._queue.close()

    def _beat(self) -> None:
        if time.monotonic() < self._beat_at:
            return
        with self._database.write() as session:
            heartbeats.beat(session, heartbeats.SCHEDULER)
        self._beat_at = time.monotonic() + BEAT_SECONDS

    def _reap(self) -> None:
        with self._database.write() as session:
            back = lifecycle.reap_expired(
                session,
                max_lost=self._settings.max_lost_attempts,
                backoff=self._settings.retry_backoff_seconds,
            )
        for run_id in back:
            logger.warning(
                "run %s lost its worker and is queued again", run_id, extra={"run_id": run_id}
            )

    def _prune(self) -> None:
        if time.monotonic() < self._prune_at:
            return
        with self._database.write() as session:
            events.prune(session, EVENTS_KEPT)
            webhook_deliveries.forget(session, DELIVERIES_KEPT)
        self._prune_at = time.monotonic() + PRUNE_SECONDS


def run_scheduler(scheduler: Scheduler, shortest: float, stop: threading.Event) -> None:
    """Pass after pass until `stop`, while other threads tidy up and tell webhooks."""
    beside = [
        threading.Thread(target=_repeat, args=(work, shortest, stop), name=name, daemon=True)
        for name, work in (("tidying", scheduler.tidy), ("webhooks", scheduler.tell))
    ]
    for thread in beside:
        thread.start()
    _repeat(scheduler.tick, shortest, stop)
    for thread in beside:
        thread.join(timeout=1.0)
    scheduler.close()


def _repeat(work: Callable[[], None], shortest: float, stop: threading.Event) -> None:
    """Again and again until `stop`; an outage is waited out with growing pauses."""
    pause = shortest
    while not stop.is_set():
        try:
            work()
            pause = shortest
        except (ServerError, OSError) as error:
            kind = "the broker" if isinstance(error, QueueError) else "the database"
            pause = min(LONGEST_BACK_OFF, pause * 2)
            logger.warning("%s: %s; trying again in %.0f s", kind, error, pause)
        except Exception:
            pause = LONGEST_BACK_OFF
            logger.exception("a pass failed; trying again in %.0f s", pause)
        stop.wait(pause)


def main() -> int:
    """Schedule until SIGTERM or SIGINT; 1 when the settings are wrong."""
    try:
        settings = load_settings()
        logs.configure(settings, process="scheduler")
        scheduler = Scheduler(settings)
    except ServerError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    stop = threading.Event()

    def ask(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, ask)
    signal.signal(signal.SIGINT, ask)
    # In a thread, because a database call that hangs must not keep a signal waiting.
    loop = threading.Thread(
        target=run_scheduler, args=(scheduler, settings.scheduler_seconds, stop), daemon=True
    )
    loop.start()
    stop.wait()
    loop.join(timeout=1.0)
    return 0


if __name__ == "__main__":
    sys.exit(main())
