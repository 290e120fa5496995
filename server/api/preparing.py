"""Curves are prepared in the background: soon after a run ends, its overlay takes no time."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import TypeVar

import structlog
from anyio import to_thread

from server.errors import StorageError
from server.storage.overlays import Overlays

LOOK_SECONDS = 5.0
CLOSE_SECONDS = 3.0
"""How long the end of the process waits for a run that is being prepared."""

log = structlog.get_logger(__name__)

T = TypeVar("T")


@asynccontextmanager
async def preparing(overlays: Overlays) -> AsyncIterator[None]:
    """Look for runs that ended, every few seconds, as long as the block lasts."""
    closing = asyncio.Event()
    task = asyncio.create_task(_look(overlays, closing))
    try:
        yield
    finally:
        closing.set()
        # A database that hangs must not keep the process from ending.
        await asyncio.wait({task}, timeout=CLOSE_SECONDS)
        task.cancel()


async def _look(overlays: Overlays, closing: asyncio.Event) -> None:
    while not closing.is_set():
        try:
            for run_id in await _in_thread(overlays.follow):
                if closing.is_set():
                    return
                await _in_thread(partial(overlays.prepare, run_id))
        except StorageError as error:
            log.info("no curves prepared", error=str(error))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(closing.wait(), LOOK_SECONDS)


async def _in_thread(work: Callable[[], T]) -> T:
    return await to_thread.run_sync(work, abandon_on_cancel=True)
