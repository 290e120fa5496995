"""The driver: draws faults from a deck, one after another, and puts each right in its time."""

from __future__ import annotations

import heapq
import json
import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from chaos.faults import Fault, deck_of
from chaos.stage import Stage

TICK_SECONDS = 0.1


class FaultLog:
    """Every fault as a line of JSON, and what they came to."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.kinds: Counter[str] = Counter()
        self.struck: Counter[str] = Counter()
        """Faults of a kind that struck a running attempt."""
        self.ended: list[str] = []
        """Parts that ended by themselves."""
        self._begun = time.monotonic()

    def fault(self, fault: Fault) -> None:
        """Note a fault as it begins."""
        self.kinds[fault.kind] += 1
        self.struck[fault.kind] += bool(fault.hits)
        self._line(
            kind=fault.kind,
            target=fault.target,
            lasts=round(fault.lasts, 2),
            hit=[asdict(hit) for hit in fault.hits],
        )

    def over(self, fault: Fault) -> None:
        """Note that it was put right."""
        self._line(kind=fault.kind, target=fault.target, over=True)

    def ended_by_itself(self, what: str) -> None:
        """Note that a part ended, and is started again."""
        self.ended.append(what)
        self._line(kind="ended by itself", target=what)

    def _line(self, **said: Any) -> None:
        moment = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = {"time": moment, "at": round(time.monotonic() - self._begun, 2), **said}
        with self.path.open("a") as file:
            file.write(json.dumps(line) + "\n")


@dataclass(order=True)
class _Due:
    at: float
    number: int
    fault: Fault = field(compare=False)


class Driver:
    """Disturbs a stage; one thread does it all, so that a seed gives one order of faults."""

    def __init__(
        self, stage: Stage, rng: random.Random, log: FaultLog, *, gap: tuple[float, float]
    ) -> None:
        self._stage = stage
        self._rng = rng
        self._log = log
        self._gap = gap
        self._cards: list[Callable[..., Fault | None]] = []
        self._agenda: list[_Due] = []
        self._number = 0

    def disturb(self, *, faults: int, until: Callable[[], bool]) -> None:
        """So many faults, or fewer when `until` is true before; then all is put right."""
        next_at = time.monotonic() + self._rng.uniform(*self._gap)
        while faults and not until():
            self._tend()
            if time.monotonic() >= next_at and self._strike():
                faults -= 1
                next_at = time.monotonic() + self._rng.uniform(*self._gap)
            time.sleep(TICK_SECONDS)
        while self._agenda:
            self._put_right(heapq.heappop(self._agenda))
        self._tend()

    def watch(self, until: Callable[[], bool], *, seconds: float) -> bool:
        """Only restart what ends, until it is true; False when that takes too long."""
        deadline = time.monotonic() + seconds
        while not until():
            if time.monotonic() > deadline:
                return False
            self._tend()
            time.sleep(TICK_SECONDS)
        return True

    def _strike(self) -> bool:
        fault = self._draw()(self._stage, self._rng)
        held = frozenset().union(*(due.fault.parts for due in self._agenda))
        if fault is None or fault.parts & held:
            return False
        self._log.fault(fault)
        fault.begin()
        self._number += 1
        heapq.heappush(self._agenda, _Due(time.monotonic() + fault.lasts, self._number, fault))
        return True

    def _draw(self) -> Callable[..., Fault | None]:
        if not self._cards:
            deck: Mapping[Callable[..., Fault | None], int] = deck_of(self._stage)
            self._cards = [make for make, count in deck.items() for _ in range(count)]
            self._rng.shuffle(self._cards)
        return self._cards.pop()

    def _tend(self) -> None:
        while self._agenda and self._agenda[0].at <= time.monotonic():
            self._put_right(heapq.heappop(self._agenda))
        for what in self._stage.tend():
            self._log.ended_by_itself(what)

    def _put_right(self, due: _Due) -> None:
        due.fault.end()
        self._log.over(due.fault)
