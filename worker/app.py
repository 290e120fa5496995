"""The Celery worker of this service: one prefork child per slot, and a parent without torch."""

from __future__ import annotations

import logging
import signal
import warnings
from pathlib import Path
from typing import Any

from celery import Celery, signals
from celery.exceptions import CPendingDeprecationWarning, SecurityWarning

from server.queue import make_celery
from server.settings import Settings
from worker.children import Children
from worker.holdings import Holdings
from worker.machine import Machine
from worker.orphan import watch_parent
from worker.pool import watched_pool
from worker.presence import Presence
from worker.scratch import forget_process, scratch_folder
from worker.tasks import register_task

LOST_CHILD_SECONDS = 1.0
CHILD_START_SECONDS = 60.0


def make_app(settings: Settings, machine: Machine, scratch: Path) -> Celery:
    """The Celery application with the worker's settings and its task."""
    app = make_celery(settings)
    app.conf.update(
        worker_consumer="worker.consumer:WatchfulConsumer",
        worker_lost_wait=LOST_CHILD_SECONDS,
        worker_proc_alive_timeout=CHILD_START_SECONDS,
        worker_redirect_stdouts=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        worker_send_task_events=False,
        broker_connection_max_retries=None,
    )
    register_task(app, settings, machine, scratch)
    return app


def run_worker(settings: Settings, machine: Machine) -> int:
    """Train what the queue brings until SIGTERM, SIGINT or SIGHUP; a second ends it at once.

    The exit code is 1 when it ended by itself, because its pool took no work any more.
    """
    # It fears pickled messages where root runs the worker; this one takes JSON alone. And it
    # announces a default of a later version, which make_app settles.
    for kind in (SecurityWarning, CPendingDeprecationWarning):
        warnings.simplefilter("ignore", kind)
    with scratch_folder() as scratch:
        presence = Presence(settings, machine, Children(settings, Holdings(scratch)))
        _listen(presence)

        def child_ended(pid: int, code: int) -> None:
            presence.child_ended(pid, code)
            forget_process(scratch, pid)

        app = make_app(settings, machine, scratch)
        worker = app.Worker(
            hostname=machine.worker_id,
            pool=watched_pool(child_ended),
            concurrency=machine.slots,
            loglevel=logging.getLevelName(logging.root.level),
            quiet=True,
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
        )
        worker.start()
        presence.close()
    return int(presence.stalled)


def _listen(presence: Presence) -> None:
    """Connect to Celery's signals."""

    def ready(**_: Any) -> None:
        # Celery would start anew when the terminal is closed, and let trainings run until then.
        signal.signal(signal.SIGHUP, signal.getsignal(signal.SIGTERM))
        presence.start()

    def stopping(**_: Any) -> None:
        presence.begin_stop()

    def keep_logging(**_: Any) -> None:
        """Celery sets logging up itself unless somebody listens here."""

    signals.setup_logging.connect(keep_logging, weak=False)
    signals.worker_ready.connect(ready, weak=False)
    signals.worker_shutting_down.connect(stopping, weak=False)
    signals.worker_process_init.connect(watch_parent, weak=False)
