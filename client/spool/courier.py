"""The courier: a thread that delivers an outbox, and what others left behind in the spool."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Iterable

from client.api import Client
from client.errors import ClientError, ConflictError
from client.patience import Patience
from client.spool.delivery import Outcome, deliver
from client.spool.journal import Place
from client.spool.outbox import Outbox
from rscore.hints import command

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 15.0
GLANCE_SECONDS = 0.05

log = logging.getLogger("realspike")


class Courier:
    """Delivers for as long as its process lives, or until it is stopped.

    What the service does not take now is tried again, less and less often; each trouble is said
    once. The thread never ends the process and never keeps it from ending.
    """

    def __init__(self, client: Client, outbox: Outbox, others: Iterable[Outbox]) -> None:
        self._client = client
        self._outbox = outbox
        self._others = iter(others)
        self._other: Outbox | None = None
        self._work = threading.Event()
        self._hurry = threading.Event()
        self._stop = threading.Event()
        self._trouble: type[Exception] | None = None
        self._patience = Patience(
            lambda: math.inf,
            first_pause=FIRST_PAUSE,
            longest_pause=LONGEST_PAUSE,
            sleep=self._nap,
        )
        self._work.set()
        self._thread = threading.Thread(target=self._run, name="realspike-courier", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """There is something to deliver."""
        self._work.set()

    def finish(self, place: Place | None, seconds: float) -> None:
        """Wait, for some seconds, until what lies before a place is dealt with; then stop."""
        self._hurry.set()
        self._work.set()
        deadline = time.monotonic() + seconds
        while place is not None and not self._outbox.passed(place):
            if time.monotonic() > deadline:
                break
            time.sleep(GLANCE_SECONDS)
        self._stop.set()
        self._work.set()
        self._thread.join(max(0.0, deadline - time.monotonic()))  # it may have to say something

    def _run(self) -> None:
        with self._client:
            while self._work.wait() and not self._stop.is_set():
                self._work.clear()
                if self._deliver():
                    self._patience.start_again()
                else:
                    self._work.set()
                    self._patience.pause()

    def _deliver(self) -> bool:
        """True when nothing is left to deliver that could be delivered now."""
        try:
            outcome = deliver(self._outbox, self._client.runs, until=self._stop.is_set)
            self._say(self._outbox, outcome)
            return outcome.held is None and not outcome.busy and self._deliver_others()
        except (ClientError, OSError) as error:  # the thread's edge: the disk may come back
            self._say_once(error, str(error))
            return False

    def _deliver_others(self) -> bool:
        while other := self._other or next(self._others, None):
            self._other = other
            outcome = deliver(other, self._client.runs, until=self._work.is_set)
            self._say(other, outcome)
            if self._work.is_set():
                return True  # our own come first; this one is gone on with after them
            if outcome.held is not None and not isinstance(outcome.held, ConflictError):
                return False
            self._other = None
        return True

    def _say(self, outbox: Outbox, outcome: Outcome) -> None:
        if outcome.damaged:
            log.warning(
                "%d entries of run %s were cut off while they were written, and are left out",
                outcome.damaged,
                outbox.run_id,
            )
        if outcome.refusal is not None:
            log.warning(
                "the service refused %d entries of run %s (%s); they are kept in %s, and "
                "`%s` sends them again",
                outcome.refused,
                outbox.run_id,
                _first_line(outcome.refusal),
                outbox.folder,
                command("spool drain --again"),
            )
        if outcome.held is not None:
            text = f"{_first_line(outcome.held)}; entries wait in {outbox.folder}"
            self._say_once(outcome.held, text)
        elif not outcome.busy:
            self._trouble = None

    def _say_once(self, error: Exception, text: str) -> None:
        """Say a trouble, but not each of its tries; only their kind tells troubles apart."""
        if type(error) is not self._trouble:
            log.warning("%s", text)
        self._trouble = type(error)

    def _nap(self, seconds: float) -> None:
        """A pause that ends early when somebody waits for the end."""
        if self._hurry.is_set():
            self._stop.wait(min(seconds, FIRST_PAUSE))
        else:
            self._hurry.wait(seconds)


def _first_line(error: ClientError) -> str:
    return str(error).splitlines()[0]
