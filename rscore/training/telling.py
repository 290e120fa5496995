"""Telling: what a training says to its reporter, in words and in numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import nn

from rscore.checkpoint import Checkpoint
from rscore.data.samples import Dataset
from rscore.reporting import Progress, Reporter, StopReason
from rscore.spec import RunSpec
from rscore.training.early_stop import EarlyStop
from rscore.training.histograms import Histogram
from rscore.training.pace import Pace


class Teller:
    """Speaks to the reporter, and knows the newest value of every metric."""

    def __init__(self, spec: RunSpec, reporter: Reporter, *, steps: int) -> None:
        self.metrics: dict[str, float] = {}
        self.pace = Pace()
        self._spec = spec
        self._reporter = reporter
        self._steps = steps

    def restore(self, saved: Checkpoint) -> None:
        """Go on from what a checkpoint knows."""
        self.metrics = dict(saved.metrics)
        self.pace.start(saved.position.step, epoch_seconds=saved.position.epoch_seconds)

    def announce(
        self, network: nn.Module, samples: Dataset, device: torch.device, *, step: int
    ) -> None:
        """What is trained, on what and where, and from which step on."""
        spec = self._spec
        parameters = sum(parameter.numel() for parameter in network.parameters())
        self._reporter.log(
            f"training {spec.network} ({parameters:,} parameters) on {spec.dataset} "
            f"({len(samples.train):,} training and {len(samples.test):,} test samples), "
            f"{spec.epochs} epochs of {self._steps // spec.epochs} steps on {device}"
        )
        if spec.early_stop_epochs:
            self._reporter.log(
                f"early stop after {spec.early_stop_epochs} epochs without a better test accuracy: "
                "the test set decides, so take that accuracy as optimistic"
            )
        if step:
            self._reporter.log(f"going on from the checkpoint at step {step}")

    def values(self, values: Mapping[str, float], *, step: int, epoch: int) -> None:
        """Metrics measured at a step."""
        self.metrics |= values
        self._reporter.metrics(step=step, epoch=epoch, values=values)

    def histograms(self, found: Mapping[str, Histogram], *, step: int, epoch: int) -> None:
        """Distributions measured at a step."""
        for name, (low, high, counts) in found.items():
            self._reporter.histogram(
                step=step, epoch=epoch, name=name, low=low, high=high, counts=counts
            )

    def progress(self, epoch: int, step: int) -> None:
        """Where the training stands."""
        self._reporter.progress(
            Progress(
                epoch=epoch,
                epochs=self._spec.epochs,
                step=step,
                steps=self._steps,
                loss=self.metrics.get("batch_loss", self.metrics.get("train_loss")),
                accuracy=self.metrics.get("test_acc"),
                eta_seconds=self.pace.eta_seconds(step, self._steps),
            )
        )

    def epoch(self, epoch: int) -> None:
        """One line on an epoch that is complete."""
        values = self.metrics
        self._reporter.log(
            f"epoch {epoch}/{self._spec.epochs}: train loss {values['train_loss']:.4f}, "
            f"train accuracy {values['train_acc']:.2%}, test loss {values['test_loss']:.4f}, "
            f"test accuracy {values['test_acc']:.2%}, {values['epoch_seconds']:.1f} s"
        )

    def early_stop(self, state: EarlyStop, epoch: int) -> None:
        """Why the training ends before its last epoch."""
        self._reporter.log(
            f"ended after epoch {epoch} of {self._spec.epochs}: no test accuracy above "
            f"{state.best:.2%} for {state.waited} epochs; the weights are those of the last epoch"
        )


class Muted:
    """The reporter of a rank that says nothing, and only hears that it should stop."""

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter

    def log(self, message: str) -> None:
        """Rank 0 says it."""

    def metrics(self, *, step: int, epoch: int, values: Mapping[str, float]) -> None:
        """Rank 0 says it."""

    def histogram(
        self, *, step: int, epoch: int, name: str, low: float, high: float, counts: Sequence[int]
    ) -> None:
        """Rank 0 says it."""

    def progress(self, progress: Progress) -> None:
        """Rank 0 says it."""

    def checkpoint(self, path: Path, *, step: int, epoch: int) -> None:
        """Rank 0 writes it."""

    def stop_requested(self) -> StopReason | None:
        """What this rank's own reporter hears."""
        return self._reporter.stop_requested()
