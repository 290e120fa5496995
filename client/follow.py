"""Follow a run or a study while it goes: what changed, as it changes, across lost connections."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from client.api import Client
from client.events import Event
from client.wire import Json, Progress, Run

TERMINAL = frozenset({"succeeded", "failed", "cancelled"})
CURVES = ("train_loss", "test_acc")
Curve = dict[int, tuple[float | None, float]]
"""Epoch to (train loss, test accuracy)."""


@dataclass(slots=True)
class RunView:
    """A run as a person follows it; `epoch` counts completed epochs."""

    id: str
    name: str
    status: str
    epochs: int
    epoch: int = 0
    step: int = 0
    steps: int = 0
    loss: float | None = None
    accuracy: float | None = None
    eta_seconds: float | None = None
    reason: str | None = None
    detail: str | None = None
    attempt: int = 0
    told_epoch: int = 0

    @property
    def ended(self) -> bool:
        """True when nothing more will happen to it by itself."""
        return self.status in TERMINAL

    @property
    def share(self) -> float:
        """Share of its training that is done, 0 to 1."""
        if self.ended:
            return 1.0
        return self.step / self.steps if self.steps else self.epoch / max(1, self.epochs)


@dataclass(frozen=True, slots=True)
class Change:
    """One run changed; `epoch`, `loss` and `accuracy` are those of the epoch that ended."""

    kind: Literal["status", "epoch", "progress"]
    run: RunView
    epoch: int | None = None
    loss: float | None = None
    accuracy: float | None = None


class Follower:
    """Keeps `runs` as the service has them, until every one has ended."""

    def __init__(
        self, client: Client, *, run_id: str | None = None, study_id: str | None = None
    ) -> None:
        self._client = client
        self._run_id = run_id
        self._study_id = study_id
        self.runs: dict[str, RunView] = {}

    @property
    def finished(self) -> bool:
        """True when every run has ended."""
        return bool(self.runs) and all(run.ended for run in self.runs.values())

    @property
    def share(self) -> float:
        """Share of all training that is done, 0 to 1."""
        return sum(run.share for run in self.runs.values()) / max(1, len(self.runs))

    def changes(self) -> Iterator[Change]:
        """Every change from now on; ends when every run has ended."""
        for event in self._client.events(run_id=self._run_id, study_id=self._study_id):
            yield from self._apply(event)
            if self.finished:
                return

    def _apply(self, event: Event) -> Iterator[Change]:
        if event.kind == "connected":
            yield from self._read_again()
            return
        if event.run_id is None:
            return
        view = self.runs.get(event.run_id)
        if view is None:
            yield from self._read_again()
        elif event.kind == "run":
            yield from self._status(view, event.data)
        elif event.kind == "progress":
            _take_progress(view, event.data)
            yield Change("progress", view)
        elif event.kind == "metrics" and "test_acc" in event.data.get("names", ()):
            yield from self._epochs(view, _points_of(event.data))

    def _read_again(self) -> Iterator[Change]:
        read = self._read()
        known = set(self.runs)
        for run in read:
            if run["id"] not in known:
                view = RunView(run["id"], run["name"], "", epochs=_epochs_of(run))
                self.runs[run["id"]] = view
        for run in read:
            view = self.runs[run["id"]]
            if run["progress"]:
                _take_progress(view, run["progress"])
            # Epochs of a study's runs that had ended before are history, not news.
            news = self._run_id is not None or view.id in known or run["status"] not in TERMINAL
            if news and "test_acc" in run["summary"]:
                yield from self._epochs(view, {})
            view.accuracy = run["summary"].get("test_acc", view.accuracy)
            view.loss = run["summary"].get("train_loss", view.loss)
            yield from self._status(view, run)

    def _read(self) -> list[Run]:
        if self._run_id is not None:
            return [self._client.runs.get(self._run_id)]
        if self._study_id is None:
            raise ValueError("a run or a study is followed, give one of them")
        return list(self._client.runs.of_study(self._study_id))[::-1]

    def _status(self, view: RunView, data: Run | Json) -> Iterator[Change]:
        before = (view.status, view.attempt)
        view.status = data["status"]
        view.attempt = data["attempt"]
        view.reason = data["reason"]
        view.detail = data.get("detail", view.detail)
        if (view.status, view.attempt) != before:
            yield Change("status", view)

    def _epochs(self, view: RunView, points: Curve) -> Iterator[Change]:
        """Tell of the epochs not told of; an event that left points out is read from the store."""
        if not points or min(points) > view.told_epoch + 1:
            points = self._stored(view.id)
        for epoch in sorted(points):
            if epoch <= view.told_epoch:
                continue
            loss, accuracy = points[epoch]
            view.told_epoch = epoch
            view.epoch = max(view.epoch, epoch)
            view.loss = view.loss if loss is None else loss
            view.accuracy = accuracy
            yield Change("epoch", view, epoch=epoch, loss=loss, accuracy=accuracy)

    def _stored(self, run_id: str) -> Curve:
        metrics = self._client.runs.metrics(run_id, names=CURVES)
        return _points_of(
            {
                "points": {
                    series["name"]: list(
                        zip(series["steps"], series["values"], series["epochs"], strict=True)
                    )
                    for series in metrics["series"]
                }
            }
        )


def _epochs_of(run: Run) -> int:
    """How many epochs a run will have, 0 where a script did not say."""
    epochs = run["spec"].get("epochs")
    return epochs if isinstance(epochs, int) else 0


def _points_of(data: Json) -> Curve:
    """Epoch to (train loss, test accuracy), of the epochs that have an accuracy."""
    points = data.get("points", {})
    losses = {epoch: value for _, value, epoch in points.get("train_loss", [])}
    return {
        epoch: (losses.get(epoch), value)
        for _, value, epoch in points.get("test_acc", [])
        if epoch is not None
    }


def _take_progress(view: RunView, progress: Progress | Json) -> None:
    view.epoch = progress["epoch"]
    view.epochs = progress["epochs"]
    view.step = progress["step"]
    view.steps = progress["steps"]
    view.eta_seconds = progress.get("eta_seconds")
    if progress.get("loss") is not None:
        view.loss = progress["loss"]
    if progress.get("accuracy") is not None:
        view.accuracy = progress["accuracy"]
