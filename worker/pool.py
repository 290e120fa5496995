"""Celery's pool of children, which tells when one of them has ended and how."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from billiard.pool import Pool as ThreadedPool  # type: ignore[import-untyped]
from celery.concurrency.asynpool import AsynPool
from celery.concurrency.prefork import TaskPool

from worker.process_lock import ProcessLock

ChildEnded = Callable[[int, int], None]
"""Gets the process id and the exit code of a child; a signal's number is negative."""


class SharedQueues:
    """For the pool whose children share one queue: a child may be killed while it waits there."""

    _inqueue: Any
    _outqueue: Any

    def _setup_queues(self) -> None:
        super()._setup_queues()  # type: ignore[misc]
        self._inqueue._rlock = ProcessLock()
        self._outqueue._wlock = ProcessLock()


def watched_pool(tell: ChildEnded) -> type[Any]:
    """A prefork pool that calls `tell` for every child that has ended, from some thread."""

    class Watched:
        """Either of Celery's pools: the one with an event loop, the one with threads."""

        _pool: list[Any]

        def _join_exited_workers(self, *args: Any, **named: Any) -> Any:
            before = list(self._pool)
            try:
                return super()._join_exited_workers(*args, **named)  # type: ignore[misc]
            finally:
                for child in before:
                    if child not in self._pool:
                        tell(child.pid, child.exitcode or 0)

    class WatchedPool(TaskPool):  # type: ignore[misc]
        """Celery's prefork pool of either kind."""

        Pool = type("WatchedAsynPool", (Watched, AsynPool), {})
        BlockingPool = type("WatchedBlockingPool", (Watched, SharedQueues, ThreadedPool), {})

    return WatchedPool
