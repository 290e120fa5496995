"""From an exception to a run's failure: a stable reason, and what a person can do about it."""

from __future__ import annotations

import traceback
from dataclasses import dataclass

from rscore.errors import RscoreError
from server.errors import ServerError, StorageUnavailableError
from worker.patience import disk_is_full

TAIL_FRAMES = 8

_REMEDIES = {
    "spec_invalid": "change the named field and submit the run again",
    "dataset_corrupt": "delete the named file and fetch it again (realspike data fetch)",
    "loss_not_finite": "the metrics up to there are kept; a retry would diverge again",
    "checkpoint_unreadable": (
        "the run's checkpoints were removed: retry it, and it starts from the beginning"
    ),
    "fold_refused": "choose a network and pooling that can be folded; the metrics are kept",
    "certificate_refused": (
        "there is no model, because it would not equal the trained network; the metrics are "
        "kept; please report the specification and this message"
    ),
    "export_refused": (
        "there is no model, because its file would not equal the fold; please report the "
        "specification and this message"
    ),
}


class DeviceMissingError(Exception):
    """The device that REALSPIKE_DEVICE asks for is not there; the message is the remedy."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a run failed."""

    reason: str
    """Stable code."""
    detail: str
    """What was wrong and what to do, for a person."""


def explain_failure(error: BaseException) -> Failure:
    """The failure that an exception of an attempt stands for."""
    if isinstance(error, RscoreError):
        remedy = _REMEDIES.get(error.code)
        return Failure(error.code, f"{error}; {remedy}" if remedy else str(error))
    if isinstance(error, DeviceMissingError):
        return Failure("device_missing", str(error))
    if disk_is_full(error):
        return Failure(
            "disk_full",
            f"{error}; free some space on the worker's machine and in the artifact store, "
            "then retry: the run goes on from its last checkpoint",
        )
    if _out_of_memory(error):
        return Failure(
            "out_of_memory",
            f"{_first_line(error)}; lower batch_size, width or num_timesteps, or run fewer slots "
            "on this machine (REALSPIKE_WORKER_SLOTS), then submit again",
        )
    if isinstance(error, StorageUnavailableError):
        return Failure(
            "storage_unavailable", f"{error}; then retry: the run goes on from its last checkpoint"
        )
    if isinstance(error, ServerError):
        return Failure("internal_error", str(error))
    return Failure(
        "internal_error",
        f"{type(error).__name__}: {_first_line(error)}; the end of the run's log shows where; "
        "retry, and report it when it happens again",
    )


def traceback_tail(error: BaseException) -> str:
    """The last frames of an exception, for the run's log."""
    lines = traceback.format_exception(error, limit=-TAIL_FRAMES)
    return "".join(lines).rstrip()


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).splitlines()), "") or type(error).__name__


def _out_of_memory(error: BaseException) -> bool:
    # Torch has a class for a GPU's memory only, and it may not be loaded here.
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and (
        "can't allocate memory" in text or "out of memory" in text or "bad_alloc" in text
    )
