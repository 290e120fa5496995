"""Delivery of an outbox: in order, in batches, once; what is refused for good is put aside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from client.errors import (
    ClientError,
    ConflictError,
    InvalidError,
    NotFoundError,
    ProblemError,
)
from client.runs import Runs
from client.spool.entries import BeginEntry, EndEntry, Entry, FileEntry, MetricsEntry
from client.spool.outbox import Item, Outbox
from client.wire import MetricPoint

MOST_POINTS = 1000
MOST_NAMES = 200
"""Names of metrics that the service takes in one request."""

Points = dict[str, list[MetricPoint]]


@dataclass(slots=True)
class Outcome:
    """What became of an outbox's entries."""

    delivered: int = 0
    refused: int = 0
    damaged: int = 0
    """Lines that a killed process or a power cut left unfinished."""
    refusal: ClientError | None = None
    """Why the last refused entry was."""
    held: ClientError | None = None
    """Why the rest still waits."""
    busy: bool = False
    """Another process delivers this outbox."""
    ended: bool = False
    """The end of the run was among what was delivered."""


class LostPayloadError(ClientError):
    """A file that waited was deleted from the spool by somebody else."""


def deliver(outbox: Outbox, runs: Runs, *, until: Callable[[], bool] = lambda: False) -> Outcome:
    """Deliver what waits until nothing does, or the service takes no more, or `until` is true."""
    outcome = Outcome()
    if outbox.is_gone:  # everything of it was delivered meanwhile
        return outcome
    with outbox.delivering() as mine:
        if not mine:
            outcome.busy = True
            return outcome
        while outcome.held is None and not until():
            batch = _batch(outbox)
            if not batch:
                outcome.damaged += outbox.clear()
                if outcome.ended:
                    outbox.remove()
                break
            _deliver_batch(outbox, runs, batch, outcome)
    return outcome


def _batch(outbox: Outbox) -> list[Item]:
    """What goes into one request: values of metrics that follow each other, or one other thing."""
    batch: list[Item] = []
    names: set[str] = set()
    points = 0
    for item in outbox.items():
        if not isinstance(item.entry, MetricsEntry | None):
            return batch or [item]
        if item.entry is not None:
            names |= item.entry.values.keys()
            points += len(item.entry.values)
            if batch and (len(names) > MOST_NAMES or points > MOST_POINTS):
                return batch
        batch.append(item)
    return batch


def _deliver_batch(outbox: Outbox, runs: Runs, batch: list[Item], outcome: Outcome) -> None:
    entries = [item.entry for item in batch if item.entry is not None]
    try:
        _send(outbox, runs, entries)
    except ClientError as error:
        if not all(is_final(error, entry) for entry in entries):
            outcome.held = error
        elif len(entries) > 1 and not isinstance(error, NotFoundError):
            for item in batch:  # one of them is wrong, the others are not
                if outcome.held is None:
                    _deliver_batch(outbox, runs, [item], outcome)
        else:
            outbox.refuse(batch, str(error))
            outcome.refused += len(entries)
            outcome.refusal = error
        return
    outbox.done_with(batch)
    outcome.delivered += len(entries)
    outcome.damaged += len(batch) - len(entries)
    outcome.ended = outcome.ended or any(isinstance(entry, EndEntry) for entry in entries)


def _send(outbox: Outbox, runs: Runs, entries: Sequence[Entry]) -> None:
    points: Points = {}
    for entry in entries:
        if isinstance(entry, FileEntry):
            _send_file(outbox, runs, entry)
        elif isinstance(entry, BeginEntry):
            runs.begin_script(entry.document)
        elif isinstance(entry, EndEntry):
            runs.finish_script(outbox.run_id, entry.document)
        else:
            _collect(points, entry)
    if points:
        runs.write_metrics(outbox.run_id, points)


def _collect(points: Points, entry: MetricsEntry) -> None:
    for name, value in entry.values.items():
        point: MetricPoint = {"step": entry.step, "value": value, "epoch": entry.epoch}
        points.setdefault(name, []).append(point)


def _send_file(outbox: Outbox, runs: Runs, entry: FileEntry) -> None:
    payload = outbox.payload(entry.payload)
    if not payload.exists():
        raise LostPayloadError(f"the bytes of {entry.name} are gone from {payload}")
    runs.put_file(outbox.run_id, payload, name=entry.name, sha256=entry.sha256)


def is_final(error: ClientError, entry: Entry) -> bool:
    """True when to send an entry again later cannot help.

    A run that a worker trains takes nothing from others, and one that waits for a worker no
    metrics, but both will when they have ended; a run that cannot begin never can. What no
    service of ours says, such as a proxy's own page, says nothing about the entry.
    """
    if isinstance(error, LostPayloadError):
        return True
    if not isinstance(error, ProblemError) or not error.problem["type"].startswith("/problems/"):
        return False
    if isinstance(entry, BeginEntry | EndEntry) and isinstance(error, ConflictError):
        return True
    return isinstance(error, InvalidError | NotFoundError)
