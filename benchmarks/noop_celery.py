"""A Celery worker whose one task counts itself in Redis: `python -m benchmarks.noop_celery`."""

from __future__ import annotations

import os
import time

import redis
from celery import Celery

DONE = ":done"
START = ":start"


def make_app(broker_url: str, queue: str) -> Celery:
    """An application set up as ours is: late acknowledgement, one message a slot, no results."""
    app = Celery("noop", broker=broker_url, set_as_current=False)
    app.conf.update(
        task_default_queue=queue,
        task_acks_late=True,
        task_ignore_result=True,
        worker_prefetch_multiplier=1,
        worker_enable_remote_control=False,
        broker_connection_retry_on_startup=True,
    )
    counts = redis.Redis.from_url(broker_url)

    @app.task(name="noop")  # type: ignore[untyped-decorator]
    def noop() -> None:
        counts.set(f"{queue}{START}", time.time())
        counts.incr(f"{queue}{DONE}")

    return app


if __name__ == "__main__":
    worker = make_app(os.environ["NOOP_BROKER"], os.environ["NOOP_QUEUE"]).Worker(
        concurrency=1,
        hostname=f"noop-{os.getpid()}",
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
        quiet=True,
    )
    worker.start()
