"""Where a study stands: the share of epochs done and the time to go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

TERMINAL = frozenset({"succeeded", "failed", "cancelled"})


@dataclass(frozen=True, slots=True)
class RunStand:
    """What the study needs to know of one run."""

    status: str
    progress: Mapping[str, Any] | None
    started_at: datetime | None
    finished_at: datetime | None


def share_done(runs: Sequence[RunStand]) -> float:
    """Share of all epochs done, 0 to 1; a run that ended counts whole, whatever its end."""
    return sum(_share(run) for run in runs) / len(runs) if runs else 1.0


def eta_seconds(runs: Sequence[RunStand]) -> float | None:
    """Seconds to go if as many runs go on at once as now; None before anything is known."""
    waiting = sum(run.status == "queued" for run in runs)
    running = [run for run in runs if run.status == "running"]
    if not waiting and not running:
        return 0.0
    known = [eta for run in running if (eta := _eta(run)) is not None]
    whole = _seconds_of_a_run(runs)
    if whole is None and (waiting or len(known) < len(running)):
        return None
    unknown = waiting + len(running) - len(known)
    return (sum(known) + unknown * (whole or 0.0)) / max(1, len(running))


def finished_at(runs: Sequence[RunStand]) -> datetime | None:
    """When the last run ended, or None while one has not."""
    if not runs or any(run.status not in TERMINAL for run in runs):
        return None
    return max((run.finished_at for run in runs if run.finished_at), default=None)


def _share(run: RunStand) -> float:
    if run.status in TERMINAL:
        return 1.0
    progress = run.progress or {}
    done, whole = progress.get("step", 0), progress.get("steps", 0)
    return min(1.0, done / whole) if whole else 0.0


def _eta(run: RunStand) -> float | None:
    eta = (run.progress or {}).get("eta_seconds")
    return None if eta is None else float(eta)


def _seconds_of_a_run(runs: Sequence[RunStand]) -> float | None:
    """Mean duration of the runs that succeeded, or else what running ones are heading for."""
    took = [
        (run.finished_at - run.started_at).total_seconds()
        for run in runs
        if run.status == "succeeded" and run.started_at and run.finished_at
    ]
    heading = [
        eta / (1 - share)
        for run in runs
        if run.status == "running" and (eta := _eta(run)) is not None and (share := _share(run)) < 1
    ]
    estimates = took or heading
    return sum(estimates) / len(estimates) if estimates else None
