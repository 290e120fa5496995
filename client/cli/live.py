"""Boards: how a followed run or study looks on a terminal, in a pipe, and as JSON lines."""

from __future__ import annotations

import json
import sys
import time
from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from itertools import takewhile
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn
from rich.table import Column

from client.cli.render import duration, number, percent, reason_of
from client.follow import Change, Follower, RunView


class Board(AbstractContextManager["Board"], ABC):
    """Shows changes while a follower goes."""

    @abstractmethod
    def show(self, change: Change, follower: Follower) -> None:
        """Show one change."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing is left open."""


def board(*, as_json: bool, epochs: bool = True) -> Board:
    """The board that fits where the output goes; a plain one may leave out the epochs."""
    if as_json:
        return JsonBoard()
    return LiveBoard() if sys.stdout.isatty() else PlainBoard(epochs=epochs)


def status_line(run: RunView) -> str:
    """What became of a run, in one line."""
    text = f"{run.id}  {run.name}  {run.status}"
    if run.status == "running" and run.attempt > 1:
        text += f" (attempt {run.attempt})"
    if run.status == "succeeded" and run.accuracy is not None:
        text += f"  accuracy {percent(run.accuracy)}"
    if run.reason and run.reason != run.status:
        text += f"  {reason_of(run.reason)}"
    return f"{text}: {run.detail}" if run.detail and run.ended else text


def _waits_at_first(run: RunView, follower: Follower) -> bool:
    """True for the runs of a study that nobody has claimed yet: not worth a line each."""
    return len(follower.runs) > 1 and run.status == "queued" and run.attempt == 0


def _count(run: RunView, follower: Follower) -> str:
    """How many runs of a study have ended, after the line of one that did."""
    done = sum(run.ended for run in follower.runs.values())
    total = len(follower.runs)
    return f"  [{done}/{total}]" if total > 1 and run.ended else ""


def epoch_line(change: Change) -> str:
    """One epoch of one run, in one line."""
    run = change.run
    eta = f"  ETA {duration(run.eta_seconds)}" if run.eta_seconds is not None else ""
    return (
        f"{run.id}  {run.name}  epoch {change.epoch}/{run.epochs}  "
        f"loss {number(change.loss) or '?'}  accuracy {percent(change.accuracy)}{eta}"
    )


class PlainBoard(Board):
    """One line a change of state and, where wanted, one an epoch; no control characters."""

    def __init__(self, *, epochs: bool = True) -> None:
        self._epochs = epochs

    def show(self, change: Change, follower: Follower) -> None:
        """Print the change; progress inside an epoch is left out."""
        if change.kind == "epoch" and self._epochs:
            print(epoch_line(change), flush=True)
        elif change.kind == "status" and not _waits_at_first(change.run, follower):
            print(status_line(change.run) + _count(change.run, follower), flush=True)


class JsonBoard(Board):
    """One JSON document a line."""

    def show(self, change: Change, follower: Follower) -> None:  # noqa: ARG002 - each line stands alone
        """Print every change."""
        run = change.run
        line: dict[str, object] = {
            "event": change.kind,
            "run_id": run.id,
            "name": run.name,
            "epochs": run.epochs,
            "eta_seconds": run.eta_seconds,
        }
        if change.kind == "status":
            line |= {"status": run.status, "attempt": run.attempt, "reason": run.reason}
        elif change.kind == "epoch":
            line |= {"epoch": change.epoch, "loss": change.loss, "accuracy": change.accuracy}
        else:
            line |= {
                "epoch": run.epoch,
                "step": run.step,
                "loss": run.loss,
                "accuracy": run.accuracy,
            }
        print(json.dumps(line), flush=True)


class LiveBoard(Board):
    """A bar for the whole and one for every run that trains; ended runs scroll away above."""

    def __init__(self, console: Console | None = None) -> None:
        self._progress = Progress(
            TextColumn(
                "{task.description}",
                markup=False,
                table_column=Column(no_wrap=True, overflow="ellipsis"),
            ),
            BarColumn(bar_width=10),
            TaskProgressColumn(),
            TextColumn("{task.fields[facts]}", markup=False, table_column=Column(no_wrap=True)),
            console=console or Console(highlight=False),
            transient=True,
        )
        self._whole: TaskID | None = None
        self._began = (0.0, 0.0)
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def show(self, change: Change, follower: Follower) -> None:
        """Move the bars; print a line for a run that ended."""
        run = change.run
        if len(follower.runs) > 1:
            self._show_whole(follower)
        if run.status == "running":
            task = self._tasks.get(run.id)
            if task is None:
                label = run.name[_shared(follower) :]
                task = self._progress.add_task(label, total=1.0, facts="")
                self._tasks[run.id] = task
            self._progress.update(task, completed=run.share, facts=_facts(run))
            return
        if run.id in self._tasks:
            self._progress.remove_task(self._tasks.pop(run.id))
            self._progress.refresh()
        if change.kind == "status" and run.status != "queued":
            text = status_line(run) + _count(run, follower)
            self._progress.console.print(text, markup=False)

    def _show_whole(self, follower: Follower) -> None:
        share = follower.share
        if self._whole is None:
            self._whole = self._progress.add_task("study", total=1.0, facts="")
            self._began = (time.monotonic(), share)
        done = sum(run.ended for run in follower.runs.values())
        facts = f"{done} of {len(follower.runs)} runs ended"
        began_at, began_share = self._began
        if began_share < share < 1.0:
            speed = (share - began_share) / (time.monotonic() - began_at)
            facts += f"  ETA {duration((1.0 - share) / speed)}"
        self._progress.update(self._whole, completed=share, facts=facts)


def _shared(follower: Follower) -> int:
    """Length of what all run names of a study begin with, up to a level that differs."""
    names = [run.name for run in follower.runs.values()]
    if len(names) == 1:
        return 0
    # What the first and the last name in order begin with, all names begin with.
    pairs = zip(min(names), max(names), strict=False)
    alike = [left for left, _ in takewhile(lambda pair: pair[0] == pair[1], pairs)]
    prefix = "".join(alike)
    return max(prefix.rfind(" "), prefix.rfind("=")) + 1


def _facts(run: RunView) -> str:
    parts = [f"epoch {run.epoch}/{run.epochs}"]
    if run.loss is not None:
        parts.append(f"loss {number(run.loss)}")
    if run.accuracy is not None:
        parts.append(f"accuracy {percent(run.accuracy)}")
    if run.eta_seconds is not None:
        parts.append(f"ETA {duration(run.eta_seconds)}")
    return "  ".join(parts)
