"""The worker's row: registered, seen, draining, stopped; and the bound on a slow shutdown."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue

import psutil
from sqlalchemy.orm import Session

from server.errors import NotFoundError, ServerError
from server.settings import Settings
from server.storage import lifecycle, workers
from server.storage.database import Database
from worker.children import Children
from worker.machine import Machine, datasets, versions
from worker.patience import after, patiently
from worker.stalls import Stalls

logger = logging.getLogger(__name__)

DRAIN_SECONDS = 9.0
"""How long a shutdown waits for trainings to hand their runs back before it ends them."""
DATABASE_SECONDS = 1.5
"""How long the last writes of a shutdown wait for a database that does not answer."""
HARD_END_SECONDS = 13.0
"""After this a shutdown ends the process, whatever hangs."""
LOOK_AT_DATA_SECONDS = 15.0


class Presence:
    """Keeps one worker's row and sees to its children, from a thread of the pool's parent process.

    A process that forks while a thread is inside the database would hand its child a locked
    library, so every write opens and closes its own connection under a lock that a fork takes.
    """

    def __init__(self, settings: Settings, machine: Machine, children: Children) -> None:
        self._settings = settings
        self._machine = machine
        self._children = children
        self._stalls = Stalls(machine.slots)
        self._stopping = False
        self.stalled = False
        """It stops by itself, because its pool takes no work any more."""
        # A queue, because it may be a signal's handler that wakes the thread.
        self._wake: SimpleQueue[None] = SimpleQueue()
        self._done = threading.Event()
        self._no_fork = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="presence", daemon=True)

    def start(self) -> None:
        """Register the worker and keep it seen."""
        os.register_at_fork(
            before=self._no_fork.acquire,
            after_in_parent=self._no_fork.release,
            after_in_child=self._no_fork.release,
        )
        self._thread.start()

    def child_ended(self, pid: int, code: int) -> None:
        """A child of the pool has ended: when it left an attempt behind, that is reported now."""
        if self._children.ended(pid, code):
            self._wake.put(None)

    def begin_stop(self) -> None:
        """The first call drains; the second ends the process and its pool at once."""
        if self._stopping:
            _end_now()
        self._stopping = True
        self._wake.put(None)
        last_resort = threading.Timer(HARD_END_SECONDS, _end_now)
        last_resort.daemon = True
        last_resort.start()

    def close(self) -> None:
        """The pool has ended in order: note it."""
        self._stopping = True
        self._done.set()
        self._wake.put(None)
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        registered = away = False
        looked = after(0)
        while not self._stopping:
            if not self.stalled and self._stalls.found():
                self._give_up()
            try:
                self._children.tend(self._write)
                found = None
                if looked():
                    found = datasets(self._settings.resolved_data_dir)
                    looked = after(LOOK_AT_DATA_SECONDS)
                self._write(self._seen(found) if registered else self._register)
                registered, away = True, False
            except NotFoundError:
                registered = False
            except (ServerError, OSError) as error:
                if not away:
                    logger.warning("worker %s: %s", self._machine.worker_id, error)
                away = True
            with suppress(Empty):
                self._wake.get(timeout=self._settings.heartbeat_seconds)
        if registered:
            self._drain()

    def _give_up(self) -> None:
        """Stop as after SIGTERM: whatever started this worker starts another."""
        logger.error("a run was taken and no child begins it: this worker ends, to start anew")
        self.stalled = True
        os.kill(os.getpid(), signal.SIGTERM)

    def _drain(self) -> None:
        logger.info("stopping: trainings hand their runs back")
        me = self._machine.worker_id
        self._last_write(lambda session: workers.set_draining(session, me))
        in_order = self._done.wait(DRAIN_SECONDS)
        if not in_order:
            logger.warning("a training did not stop in %.0f s; it is ended", DRAIN_SECONDS)
            kill_pool()
        # Also after a stop in order: a child may have been killed in the midst of it.
        self._last_write(self._hand_back_all)
        self._last_write(lambda session: workers.stopped(session, me))
        if not in_order:
            os._exit(int(self.stalled))

    def _register(self, session: Session) -> None:
        workers.register(
            session,
            worker_id=self._machine.worker_id,
            host=self._machine.host,
            pid=os.getpid(),
            device=self._machine.devices,
            slots=self._machine.slots,
            versions=versions(),
            datasets=datasets(self._settings.resolved_data_dir),
        )

    def _seen(self, found: dict[str, str] | None) -> Callable[[Session], None]:
        return lambda session: workers.seen(session, self._machine.worker_id, found)

    def _hand_back_all(self, session: Session) -> None:
        lifecycle.hand_back_all(session, self._machine.worker_id, reason="drained")

    def _write(self, change: Callable[[Session], None]) -> None:
        with self._no_fork:
            database = Database(self._settings.resolved_database_url)
            try:
                with database.write() as session:
                    change(session)
            finally:
                database.close()

    def _last_write(self, change: Callable[[Session], None]) -> None:
        try:
            patiently(lambda: self._write(change), give_up=after(DATABASE_SECONDS))
        except (ServerError, OSError) as error:
            logger.warning("worker %s: %s", self._machine.worker_id, error)


def kill_pool() -> None:
    """SIGKILL every child of this process; their runs come back when their leases end."""
    children = psutil.Process().children(recursive=True)
    for child in children:
        with suppress(psutil.NoSuchProcess):
            child.kill()
    psutil.wait_procs(children, timeout=1.0)


def _end_now() -> None:
    kill_pool()
    os._exit(1)
