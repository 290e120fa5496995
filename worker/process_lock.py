"""A lock between processes that ends with its holder, however that ends."""

from __future__ import annotations

import fcntl
import tempfile
import threading
from typing import Self


class ProcessLock:
    """Held by one thread of one of the processes forked after it was made.

    A semaphore outlives a holder that was killed, and everybody waits for ever. The kernel
    releases the lock on a file when the process that took it is gone.
    """

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the lock is there
        self._thread = threading.Lock()  # the kernel does not keep a process's threads apart

    def acquire(self) -> None:
        """Wait until it is free, and take it."""
        self._thread.acquire()
        fcntl.lockf(self._file, fcntl.LOCK_EX)

    def release(self) -> None:
        """Let others have it."""
        fcntl.lockf(self._file, fcntl.LOCK_UN)
        self._thread.release()

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()
