"""A run's life in plain Python, for comparison with what the database holds."""

from __future__ import annotations

from dataclasses import dataclass, field

from server.storage.states import TERMINAL, RunStatus

MOST_LOST = 2


@dataclass(frozen=True)
class Ticket:
    """What an actor believes it owns, rightly or not."""

    run_id: str
    attempt: int
    worker_id: str


@dataclass
class ModelAttempt:
    """One try, as it should be stored."""

    worker_id: str
    outcome: str = "running"
    exit: str | None = None
    refused: int = 0
    resumed: bool = False


@dataclass
class ModelRun:
    """One run, as it should be stored."""

    id: str
    status: RunStatus = RunStatus.QUEUED
    reason: str | None = None
    lost: int = 0
    waits: bool = False
    expired: bool = False
    woken: bool = False
    cancel_requested: bool = False
    deleted: bool = False
    registered: bool = False
    attempts: list[ModelAttempt] = field(default_factory=list)
    metrics: list[int] = field(default_factory=list)
    """The attempt that measured each optimiser step, from step 1 on, without a gap."""
    checkpoints: list[int] = field(default_factory=list)
    told: list[tuple[str, int]] = field(default_factory=lambda: [("queued", 0)])
    """Every (status, attempt) that it was in, in turn."""

    @property
    def newest(self) -> ModelAttempt:
        """The attempt that owns it, or owned it last."""
        return self.attempts[-1]

    @property
    def ended(self) -> bool:
        """True when nobody works on it and nobody will."""
        return self.status in TERMINAL

    def owned_by(self, ticket: Ticket) -> bool:
        """Whether a write of the ticket's holder may go through."""
        return (
            self.status is RunStatus.RUNNING
            and ticket.attempt == len(self.attempts)
            and not self.deleted
        )

    def claim(self, worker_id: str) -> None:
        """A worker takes it."""
        self.attempts.append(ModelAttempt(worker_id))
        self._move(RunStatus.RUNNING)

    def resume(self) -> int:
        """The attempt goes on from the newest checkpoint; returns its step."""
        step = self.checkpoints[-1] if self.checkpoints else 0
        del self.metrics[step:]
        self.newest.resumed = True
        return step

    def end(self, status: RunStatus, outcome: str, reason: str | None = None) -> None:
        """The attempt ends, and takes the run with it or gives it back."""
        self.newest.outcome = outcome
        self._move(status, reason)

    def hand_back(self) -> None:
        """Its worker shuts down."""
        if self.cancel_requested:
            self.end(RunStatus.CANCELLED, "cancelled", "cancelled")
        else:
            self.end(RunStatus.QUEUED, "drained", "drained")

    def lose(self, how: str | None) -> bool:
        """Its worker is gone; True when it is queued again."""
        self.newest.exit = how
        if self.cancel_requested:
            self.end(RunStatus.CANCELLED, "lost", "cancelled")
            return False
        self.lost += 1
        if self.lost >= MOST_LOST:
            self.end(RunStatus.FAILED, "lost", "poison")
            return False
        self.end(RunStatus.QUEUED, "lost", "lost")
        self.waits = True
        return True

    def cancel(self) -> None:
        """A person wants it to stop."""
        if self.status is RunStatus.RUNNING:
            self.cancel_requested = True
        else:
            self._move(RunStatus.CANCELLED, "cancelled")

    def retry(self) -> None:
        """A person wants it to be tried again."""
        self.lost = 0
        self._move(RunStatus.QUEUED)

    def delete(self) -> None:
        """A person wants it out of sight."""
        self.deleted = True

    def _move(self, status: RunStatus, reason: str | None = None) -> None:
        self.status = status
        self.reason = reason
        self.waits = self.expired = self.woken = self.cancel_requested = False
        self.told.append((str(status), len(self.attempts)))
