"""The work of a stage: deterministic trainings, and the people who submit, cancel and retry."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from chaos.audit.evidence import Asked, Followed, Ledger
from client.api import Client
from client.errors import (
    ClientError,
    ConflictError,
    ServerFailedError,
    ServerUnreachableError,
)
from client.events import EventStream
from client.transport import RETRIED_STATUS, Transport
from client.wire import Run

EXPERIMENT = "chaos"
REFERENCE = "undisturbed"

SMALL: dict[str, Any] = {
    "dataset": "digits",
    "network": "small-conv",
    "width": 2,
    "batch_size": 16,
    "train_samples": 512,
    "test_samples": 64,
    "certificate_samples": 16,
}
GRANULARITIES = ("binary", "channel", "element")
STUDY_OF = len(GRANULARITIES)
"""Runs of a study: one seed, every granularity."""
RUNS_A_STUDY = 20
"""One study for so many runs."""

OPEN = 8
"""Runs that wait or train at once: enough that every worker is busy whatever happens."""
LOOK_SECONDS = 0.5
CANCEL_CHANCE = 0.015
"""Chance at every look that one of the open runs is cancelled."""
RETRY_CHANCE = 0.15
"""Chance at every look that a cancelled run is tried again."""
TWICE_CHANCE = 0.25
"""Chance that a submission is sent a second time, as after an answer that got lost."""

GIVE_UP_SECONDS = 1.0
"""Silence after which a follower looks whether it is still wanted."""

ALL_ENDS = frozenset({"succeeded", "cancelled"})
WELL = frozenset({"succeeded"})


def specs(epochs: int, seeds: int) -> list[dict[str, Any]]:
    """The distinct specs: two runs with the same one train the same weights."""
    return [
        {**SMALL, "epochs": epochs, "granularity": granularity, "seed": seed}
        for seed in range(seeds)
        for granularity in GRANULARITIES
    ]


@dataclass(frozen=True, slots=True)
class Item:
    """One POST: a run, or a study of some."""

    name: str
    document: dict[str, Any]
    runs: int

    @property
    def is_study(self) -> bool:
        """Whether it is a study."""
        return "ablate" in self.document


def plan(count: int, *, epochs: int, seeds: int, rng: random.Random) -> list[Item]:
    """So many runs, single ones and those of studies, in a random order."""
    studies = [
        Item(name, _study(name, epochs, seed=number % seeds), STUDY_OF)
        for number in range(-(-count // RUNS_A_STUDY) if count > STUDY_OF else 0)
        for name in [f"study-{number}"]
    ]
    known = specs(epochs, seeds)
    singles = [
        Item(name, {"name": name, "experiment": EXPERIMENT, "spec": known[number % len(known)]}, 1)
        for number in range(count - STUDY_OF * len(studies))
        for name in [f"run-{number}"]
    ]
    items = studies + singles
    rng.shuffle(items)
    return items


def _study(name: str, epochs: int, *, seed: int) -> dict[str, Any]:
    return {
        "name": name,
        "experiment": EXPERIMENT,
        "base": {**SMALL, "epochs": epochs},
        "ablate": {"granularity": list(GRANULARITIES)},
        "seeds": [seed],
    }


@dataclass(slots=True)
class _Known:
    """What people know of one run."""

    name: str = ""
    """Empty for a run of a study, which the study named."""
    ends: frozenset[str] = WELL
    unsure: bool = False
    """A cancellation was sent and never answered, so it may come at any time."""


@dataclass(slots=True)
class Book:
    """What was submitted, answered and asked; written by the people's thread alone."""

    runs: dict[str, _Known] = field(default_factory=dict)
    studies: dict[str, int] = field(default_factory=dict)
    unanswered: list[str] = field(default_factory=list)
    mistakes: list[str] = field(default_factory=list)
    """Answers that the service should never give."""
    cancelled: int = 0
    retried: int = 0

    def ledger(self, excused: frozenset[str]) -> Ledger:
        """For the auditor."""
        return Ledger(
            experiment=EXPERIMENT,
            runs={run_id: Asked(known.name, known.ends) for run_id, known in self.runs.items()},
            studies=dict(self.studies),
            unanswered=tuple(self.unanswered),
            mistakes=tuple(self.mistakes),
            excused=excused,
        )


class People:
    """Submits every item, keeps some runs open at a time, cancels and retries at random.

    Everything goes through the HTTP client. What is not answered is asked again: a submission
    under its own key, so that it counts once however often it arrives.
    """

    def __init__(self, url: str, items: list[Item], rng: random.Random) -> None:
        self.book = Book()
        self.done = threading.Event()
        """Everything was submitted and has ended."""
        self._client = Client(url, timeout=10.0)
        self._items = list(reversed(items))
        self._rng = rng
        self._calm = False
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="people")
        self._broken: Exception | None = None

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def calm_down(self) -> None:
        """Cancel nothing more; what failed because of a fault is tried again all the same."""
        self._calm = True

    def stop(self) -> None:
        """End, and raise what went wrong on the way."""
        self._stop.set()
        self._thread.join()
        self._client.close()
        self.book.unanswered = [item.name for item in self._items]
        if self._broken is not None:
            raise self._broken

    def _work(self) -> None:
        try:
            while not self._stop.wait(LOOK_SECONDS):
                self._look()
        except Exception as error:  # noqa: BLE001 - the thread's edge: `stop` raises it
            self._broken = error
            self.done.set()

    def _look(self) -> None:
        with self._patiently():
            runs = list(self._all())
            open_runs = [run for run in runs if run["status"] in ("queued", "running")]
            self._submit(OPEN - len(open_runs))
            if not self._calm and open_runs and self._rng.random() < CANCEL_CHANCE:
                self._cancel(self._rng.choice(open_runs))
            for run in runs:
                if self._wants_retry(run):
                    self._retry(run)
            if not self._items and len(runs) == len(self.book.runs) and not open_runs:
                self.done.set()
            else:
                self.done.clear()

    @contextmanager
    def _patiently(self) -> Iterator[None]:
        """What cannot be answered now is left to the next look."""
        try:
            yield
        except ServerFailedError as error:
            if error.problem["status"] not in RETRIED_STATUS:
                self.book.mistakes.append(str(error))
        except ServerUnreachableError:
            pass

    def _all(self) -> Iterator[Run]:
        cursor = None
        while True:
            page = self._client.runs.page(experiment=EXPERIMENT, limit=200, cursor=cursor)
            yield from page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def _submit(self, room: int) -> None:
        while self._items and room > 0:
            item = self._items[-1]
            first = self._create(item)
            if self._rng.random() < TWICE_CHANCE and self._create(item) != first:
                self.book.mistakes.append(f"{item.name}, sent twice under one key, is two things")
            self._items.pop()
            room -= item.runs

    def _create(self, item: Item) -> str:
        key = f"chaos-{item.name}"
        if not item.is_study:
            run_id = self._client.runs.create(item.document, key=key)["id"]
            self._known(run_id).name = item.name
            return run_id
        study_id = self._client.studies.create(item.document, key=key)["id"]
        self.book.studies[study_id] = item.runs
        for run in self._client.runs.of_study(study_id):
            self._known(run["id"])
        return study_id

    def _known(self, run_id: str) -> _Known:
        # A run may be seen before the answer to its submission arrives.
        return self.book.runs.setdefault(run_id, _Known())

    def _wants_retry(self, run: Run) -> bool:
        if run["status"] == "failed":
            return True
        chance = 0.0 if self._calm else RETRY_CHANCE
        return run["status"] == "cancelled" and self._rng.random() < chance

    def _cancel(self, run: Run) -> None:
        known = self._known(run["id"])
        before, known.ends = known.ends, ALL_ENDS
        try:
            self._client.runs.cancel(run["id"])
        except ConflictError:
            known.ends = before  # it had ended
        except ServerUnreachableError:
            known.unsure = True
            raise
        else:
            self.book.cancelled += 1

    def _retry(self, run: Run) -> None:
        known = self._known(run["id"])
        with suppress(ConflictError):  # it was tried again already
            self._client.runs.retry(run["id"])
            self.book.retried += 1
            known.ends = ALL_ENDS if known.unsure else WELL


class Follower:
    """Somebody who follows the live stream all the time, whatever happens to the connection."""

    def __init__(self, url: str) -> None:
        self._transport = Transport(url)
        self._ids: list[int] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="follower", daemon=True)

    def start(self) -> None:
        """Begin with the events from now on."""
        self._thread.start()

    def seen(self) -> Followed:
        """What it was told so far."""
        ids = list(self._ids)
        return Followed(since=ids[0] - 1 if ids else None, ids=ids)

    def stop(self) -> None:
        """End as soon as the connection is lost, which is up to the caller."""
        self._stop.set()
        self._thread.join()
        self._transport.close()

    def _follow(self) -> None:
        stream = EventStream(self._transport, give_up_after=GIVE_UP_SECONDS)
        while not self._stop.is_set():
            with suppress(ClientError):  # it gave up; iterated again, it goes on where it was
                for event in stream:
                    if event.id is not None:
                        self._ids.append(event.id)
