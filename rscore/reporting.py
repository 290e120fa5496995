"""Reporter: what a training run says while it goes, and how it learns that it should stop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol


class StopReason(StrEnum):
    """Why a run is asked to stop before its end."""

    CANCELLED = "cancelled"
    """A person cancelled the run: stop and do not come back."""
    DRAINED = "drained"
    """The worker is shutting down: checkpoint, so that another attempt goes on from here."""
    SUPERSEDED = "superseded"
    """The lease was lost and another attempt owns the run: write nothing more."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a training stands. `loss` and `accuracy` are the newest known, or None before."""

    epoch: int
    """Epochs completed."""
    epochs: int
    step: int
    """Optimiser steps completed since the start of the run."""
    steps: int
    loss: float | None = None
    accuracy: float | None = None
    eta_seconds: float | None = None


class Reporter(Protocol):
    """The ear of a training run. Calls come from the training thread and must return soon."""

    def log(self, message: str) -> None:
        """One line for a person."""

    def metrics(self, *, step: int, epoch: int, values: Mapping[str, float]) -> None:
        """Values measured at an optimiser step; a repeated (name, step) replaces the old value."""

    def histogram(
        self, *, step: int, epoch: int, name: str, low: float, high: float, counts: Sequence[int]
    ) -> None:
        """A distribution at an optimiser step; a repeated (name, step) replaces the old one.

        Args:
            step: optimiser steps completed.
            epoch: the epoch that the step belongs to, 1-based as in `metrics`.
            name: amplitude/<layer> or membrane/<layer>.
            low: left edge of the first bin.
            high: right edge of the last bin, above `low`; values at it count in the last bin.
            counts: values in each of the equal-width bins between `low` and `high`.
        """

    def progress(self, progress: Progress) -> None:
        """Where the training stands; called at most a few times a second."""

    def checkpoint(self, path: Path, *, step: int, epoch: int) -> None:
        """A complete checkpoint file was written; it may be moved to a safe place before return."""

    def stop_requested(self) -> StopReason | None:
        """Asked between optimiser steps: why to stop now, or None to go on."""
