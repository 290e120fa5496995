"""A pool child whose worker was killed: it hands its run back, and does not live on for long.

Celery asks the kernel to kill a child when its parent ends. But the kernel means the parent's
thread, and on a broker that is polled a child's replacement is made by a thread that ends as soon
as a shutdown begins: its training would be killed instead of handed back. So a child takes care
of this by itself.
"""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress
from typing import Any

from billiard.process import current_process  # type: ignore[import-untyped]
from billiard.util import set_pdeathsig  # type: ignore[import-untyped]

LOOK_SECONDS = 0.5
ORPHAN_SECONDS = 15.0
"""How long a child outlives its worker, to hand its run back."""


def is_orphaned() -> bool:
    """True in a child of a worker that is gone."""
    parent = current_process()._parent_pid
    return parent is not None and bool(os.getppid() != parent)


def watch_parent(**_: Any) -> None:
    """In a new child: end with the worker, though not at once."""
    with suppress(OSError):  # only Linux has it
        set_pdeathsig(0)
    threading.Thread(target=_end_when_orphaned, name="orphan", daemon=True).start()


def _end_when_orphaned() -> None:
    while not is_orphaned():
        time.sleep(LOOK_SECONDS)
    time.sleep(ORPHAN_SECONDS)
    os._exit(1)
