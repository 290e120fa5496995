"""A Reporter that remembers everything and can ask a training to stop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from rscore.reporting import Progress, StopReason


class Recorder:
    """Keeps what a training says; asks it to stop the `stop_at`-th time it is asked."""

    def __init__(
        self, *, stop_at: int | None = None, reason: StopReason = StopReason.DRAINED
    ) -> None:
        self.lines: list[str] = []
        self.values: dict[tuple[str, int], float] = {}
        self.epochs: dict[tuple[str, int], int] = {}
        self.histograms: dict[tuple[str, int], tuple[float, float, tuple[int, ...]]] = {}
        self.progresses: list[Progress] = []
        self.checkpoints: list[tuple[int, int]] = []
        self.asked = 0
        self._stop_at = stop_at
        self._reason = reason

    def log(self, message: str) -> None:
        self.lines.append(message)

    def metrics(self, *, step: int, epoch: int, values: Mapping[str, float]) -> None:
        for name, value in values.items():
            self.values[name, step] = value
            self.epochs[name, step] = epoch

    def histogram(
        self, *, step: int, epoch: int, name: str, low: float, high: float, counts: Sequence[int]
    ) -> None:
        self.histograms[name, step] = (low, high, tuple(counts))

    def progress(self, progress: Progress) -> None:
        self.progresses.append(progress)

    def checkpoint(self, path: Path, *, step: int, epoch: int) -> None:
        if not path.is_file():
            raise FileNotFoundError(path)
        self.checkpoints.append((step, epoch))

    def stop_requested(self) -> StopReason | None:
        self.asked += 1
        return self._reason if self.asked == self._stop_at else None

    def measured(self) -> dict[tuple[str, int], float]:
        """Every value that does not depend on the clock."""
        return {key: value for key, value in self.values.items() if key[0] != "epoch_seconds"}
