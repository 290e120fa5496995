"""Children: what a worker does for the trainings in its pool that cannot help themselves.

It reports the death of a child at once, renews the lease of one that is too busy to do it, and
ends one that is of no use any more.
"""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue

import psutil
from sqlalchemy.orm import Session

from server.settings import Settings
from server.storage import leases, lifecycle, quarantine
from worker.holdings import Holding, Holdings

logger = logging.getLogger(__name__)

Write = Callable[[Callable[[Session], None]], None]
"""Makes one change in a transaction."""

BLIND_SECONDS = 120.0
"""A worker that looks again only after so long was stopped itself, and judges nobody by it."""

_STOPPED = (psutil.STATUS_STOPPED, psutil.STATUS_TRACING_STOP)
_ENDED = (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)


@dataclass(slots=True)
class _Watch:
    """What is known of one child at work; moments are monotonic seconds."""

    pulse: int
    heard_at: float
    """When its sign of life was last seen to change."""
    stopped_at: float | None = None
    """Since when the system does not let it run."""
    lost_at: float | None = None
    """Since when its run is no longer its own."""

    def useless(self, moment: float, *, lease: float, hang: float) -> str | None:
        """Why it should be ended, or None."""
        if self.stopped_at is not None and moment - self.stopped_at > 2 * lease:
            return f"it was stopped for {2 * lease:g} s"
        if self.lost_at is not None and moment - self.lost_at > lease:
            return f"it went on for {lease:g} s after it lost its run"
        if moment - self.heard_at > hang:
            return f"it gave no sign of life for {hang:g} s"
        return None


class Children:
    """The pool's children of one worker; all but `ended` is for one thread."""

    def __init__(self, settings: Settings, holdings: Holdings) -> None:
        self._settings = settings
        self._holdings = holdings
        self._news: SimpleQueue[tuple[Holding, str]] = SimpleQueue()
        self._deaths: list[tuple[Holding, str]] = []
        self._watches: dict[tuple[int, str, int], _Watch] = {}
        self._looked_at = time.monotonic()
        self._killed: dict[int, str] = {}

    def ended(self, pid: int, code: int) -> bool:
        """Note, from any thread, that a child has ended; True when it left an attempt behind."""
        why = self._killed.pop(pid, None)
        holding = self._holdings.take(pid)
        if holding is None:
            return False
        how = how_it_ended(code)
        self._news.put((holding, f"{how}: {why}" if why else how))
        return True

    def tend(self, write: Write) -> None:
        """Do all that is due; what a database that is away kept from it is due the next time."""
        living = self._look()
        with suppress(Empty):
            while True:
                self._deaths.append(self._news.get_nowait())
        if self._deaths:
            write(self._report)
            self._deaths.clear()
        if living:
            self._renew(living, write)

    def _look(self) -> list[Holding]:
        """Those that live; those of no use are ended."""
        moment = time.monotonic()
        if moment - self._looked_at > BLIND_SECONDS:
            self._watches.clear()
        self._looked_at = moment
        states = {item: _state(item.pid) for item in self._holdings.all()}
        living = [item for item, state in states.items() if state not in _ENDED]
        known = self._watches
        self._watches = {
            _key(item): known.get(_key(item)) or _Watch(item.pulse, moment) for item in living
        }
        for item in living:
            watch = self._watches[_key(item)]
            if item.pulse != watch.pulse:
                watch.pulse, watch.heard_at = item.pulse, moment
            stopped = states[item] in _STOPPED
            watch.stopped_at = (watch.stopped_at or moment) if stopped else None
            why = watch.useless(
                moment, lease=self._settings.lease_seconds, hang=self._settings.hang_seconds
            )
            if why:
                self._kill(item, why)
        return living

    def _renew(self, living: list[Holding], write: Write) -> None:
        """Renew the leases of those that can run, and learn who lost its run."""
        able = {item.held for item in living if self._watches[_key(item)].stopped_at is None}
        owners: set[leases.Held] = set()

        def renew(session: Session) -> None:
            leases.renew_all(session, able, lease_seconds=self._settings.lease_seconds)
            owners.update(leases.owners(session, {item.held for item in living}))

        write(renew)
        moment = time.monotonic()
        for item in living:
            watch = self._watches[_key(item)]
            watch.lost_at = None if item.held in owners else watch.lost_at or moment

    def _report(self, session: Session) -> None:
        for holding, how in self._deaths:
            logger.warning(
                "attempt %d of run %s: %s",
                holding.attempt,
                holding.run_id,
                how,
                extra={"run_id": holding.run_id, "attempt": holding.attempt},
            )
            lifecycle.report_death(
                session,
                holding.run_id,
                holding.attempt,
                exit=how,
                max_lost=self._settings.max_lost_attempts,
                backoff=self._settings.retry_backoff_seconds,
            )
        for holding, _ in self._deaths:  # when every run is locked, as `judge` asks
            why = quarantine.judge(session, *holding.held, after=self._settings.quarantine_after)
            if why:
                logger.error("this worker is quarantined: %s", why)

    def _kill(self, item: Holding, why: str) -> None:
        if item.pid not in self._killed:
            logger.warning(
                "attempt %d of run %s is ended: %s",
                item.attempt,
                item.run_id,
                why,
                extra={"run_id": item.run_id, "attempt": item.attempt},
            )
        self._killed[item.pid] = why
        with suppress(ProcessLookupError):
            os.kill(item.pid, signal.SIGKILL)


def how_it_ended(code: int) -> str:
    """An exit code for a person; a signal's number is negative."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"signal {-code} ({signal.Signals(-code).name})"
    except ValueError:
        return f"signal {-code}"


def _key(item: Holding) -> tuple[int, str, int]:
    return (item.pid, *item.held)


def _state(pid: int) -> str:
    try:
        return str(psutil.Process(pid).status())
    except psutil.NoSuchProcess:
        return psutil.STATUS_DEAD
