"""TrainingLoop: the epochs and steps of one training, from its start or from a checkpoint."""

from __future__ import annotations

import math
from pathlib import Path

import torch
from torch import Tensor, nn

from rscore import checkpoint
from rscore.checkpoint import Checkpoint, Position
from rscore.data.augmentation import augment
from rscore.data.samples import Dataset
from rscore.errors import CheckpointError, NonFiniteLossError
from rscore.randomness import order, random_state, restore_random_state
from rscore.reporting import Progress, Reporter, StopReason
from rscore.spec import RunSpec
from rscore.training.evaluation import amplitude_metrics, evaluate
from rscore.training.objective import make_objective
from rscore.training.optimizers import (
    learning_rate,
    make_optimizer,
    optimizer_tensors,
    restore_optimizer,
    set_learning_rate,
)
from rscore.training.pace import Pace
from rscore.training.totals import Totals

BATCH_LOSS_EVERY = 20
"""Steps between two values of the metric batch_loss."""


def batches_per_epoch(samples: int, batch_size: int) -> int:
    """Batches of an epoch; the last one may be smaller.

    A single sample left over joins the batch before it, because batch normalisation learns
    nothing good from one sample.
    """
    whole, rest = divmod(samples, batch_size)
    return whole + (rest > 1 or (rest == 1 and whole == 0))


class TrainingLoop:
    """One training under way: `epoch` epochs complete, and `batch` batches of the next."""

    def __init__(
        self, spec: RunSpec, reporter: Reporter, network: nn.Module, samples: Dataset, *, path: Path
    ) -> None:
        self.epoch = 0
        self.batch = 0
        self.step = 0
        self.metrics: dict[str, float] = {}
        self._spec = spec
        self._reporter = reporter
        self._network = network
        self._objective = make_objective(spec, network)
        self._samples = samples
        self._path = path
        self._device = next(network.parameters()).device
        self._optimizer = make_optimizer(spec, network)
        self._batches = batches_per_epoch(len(samples.train), spec.batch_size)
        self._steps = self._batches * spec.epochs
        self._totals = Totals(self._device)
        self._pace = Pace()

    def restore(self, saved: Checkpoint) -> None:
        """Go on from a checkpoint of the same spec; CheckpointError if its tensors do not fit."""
        try:
            self._network.load_state_dict(saved.part("model"))
            restore_optimizer(self._optimizer, self._network, saved.part("optimizer"))
            self._totals.restore(saved.part("total"))
            restore_random_state(saved.part("random"), self._device)
        except (KeyError, RuntimeError) as error:
            raise CheckpointError(
                "the checkpoint was written by another version of this program and does not fit: "
                f"{str(error).splitlines()[0]}; start from the beginning"
            ) from error
        place = saved.position
        self.epoch, self.batch, self.step = place.epoch, place.batch, place.step
        self.metrics = dict(saved.metrics)
        self._pace.start(self.step, epoch_seconds=place.epoch_seconds)

    def run(self) -> StopReason | None:
        """All epochs that are left; the reason if it was asked to stop."""
        self._announce()
        while self.epoch < self._spec.epochs:
            stopped = self._train_batches() or self._end_epoch()
            if stopped:
                return stopped
        self._report_progress()
        return None

    def _train_batches(self) -> StopReason | None:
        self._network.train()
        for inputs, labels in self._samples.train.batches(self._chosen()):
            loss = self._train_batch(inputs, labels)
            if self.step % BATCH_LOSS_EVERY == 0:
                self._report({"batch_loss": self._finite(loss)})
            if self._pace.may_speak():
                self._report_progress()
            stop = self._reporter.stop_requested()
            if stop:
                return self._stop(stop)
        return None

    def _chosen(self) -> list[Tensor]:
        """Indices of the samples in each batch that is left of this epoch."""
        size = self._spec.batch_size
        positions = order(len(self._samples.train), seed=self._spec.seed, epoch=self.epoch)
        starts = range(self.batch, self._batches)
        return [
            positions[batch * size :]
            if batch + 1 == self._batches
            else positions[batch * size : (batch + 1) * size]
            for batch in starts
        ]

    def _train_batch(self, inputs: Tensor, labels: Tensor) -> Tensor:
        spec = self._spec
        images = augment(inputs, spec, epoch=self.epoch, batch=self.batch)
        set_learning_rate(self._optimizer, learning_rate(spec, self.step, self._steps))
        self._optimizer.zero_grad()
        loss: Tensor
        loss, logits = self._objective(images, labels, progress=self.step / self._steps)
        loss.backward()
        self._optimizer.step()
        loss = loss.detach()
        self._totals.add(loss, logits.detach(), labels)
        self.batch += 1
        self.step += 1
        if self._device.type == "cpu":  # elsewhere the look would wait for the device
            self._finite(loss)
        return loss

    def _end_epoch(self) -> StopReason | None:
        self._check_weights()
        stops: list[StopReason] = []

        def interrupted() -> bool:
            stop = self._reporter.stop_requested()
            if stop:
                stops.append(stop)
            return bool(stop)

        tested = evaluate(self._network, self._samples.test, interrupted=interrupted)
        if tested is None:
            return self._stop(stops[0])
        self.epoch += 1
        self.batch = 0
        trained = self._totals.means() | {
            "lr": learning_rate(self._spec, self.step - 1, self._steps),
            "epoch_seconds": self._pace.epoch_seconds(),
        }
        self._report(trained | tested | amplitude_metrics(self._network))
        self._log_epoch()
        self._totals = Totals(self._device)
        self._pace.next_epoch()
        self._save()
        return None

    def _stop(self, reason: StopReason) -> StopReason:
        if reason is not StopReason.SUPERSEDED:
            self._check_weights()
            self._save()
            self._reporter.log(f"stopped at step {self.step} of {self._steps}: {reason.value}")
        return reason

    def _save(self) -> None:
        parts = {
            "model": self._network.state_dict(),
            "optimizer": optimizer_tensors(self._optimizer, self._network),
            "total": self._totals.tensors(),
            "random": random_state(self._device),
        }
        tensors = {
            f"{part}/{name}": tensor
            for part, some in parts.items()
            for name, tensor in some.items()
        }
        position = Position(self.epoch, self.batch, self.step, self._pace.epoch_seconds())
        checkpoint.save(Checkpoint(self._spec, position, tensors, self.metrics), self._path)
        self._reporter.checkpoint(self._path, step=self.step, epoch=self.epoch)

    def _report(self, values: dict[str, float]) -> None:
        self.metrics |= values
        epoch = self.epoch + (self.batch > 0)
        self._reporter.metrics(step=self.step, epoch=epoch, values=values)

    def _report_progress(self) -> None:
        self._reporter.progress(
            Progress(
                epoch=self.epoch,
                epochs=self._spec.epochs,
                step=self.step,
                steps=self._steps,
                loss=self.metrics.get("batch_loss", self.metrics.get("train_loss")),
                accuracy=self.metrics.get("test_acc"),
                eta_seconds=self._pace.eta_seconds(self.step, self._steps),
            )
        )

    def _announce(self) -> None:
        parameters = sum(parameter.numel() for parameter in self._network.parameters())
        self._reporter.log(
            f"training {self._spec.network} ({parameters:,} parameters) on {self._spec.dataset} "
            f"({len(self._samples.train):,} training and "
            f"{len(self._samples.test):,} test samples), "
            f"{self._spec.epochs} epochs of {self._batches} steps on {self._device}"
        )
        if self.step:
            self._reporter.log(f"going on from the checkpoint at step {self.step}")
        self._report_progress()

    def _log_epoch(self) -> None:
        values = self.metrics
        self._reporter.log(
            f"epoch {self.epoch}/{self._spec.epochs}: train loss {values['train_loss']:.4f}, "
            f"train accuracy {values['train_acc']:.2%}, test loss {values['test_loss']:.4f}, "
            f"test accuracy {values['test_acc']:.2%}, {values['epoch_seconds']:.1f} s"
        )

    def _finite(self, loss: Tensor) -> float:
        value = loss.item()
        if not math.isfinite(value):
            raise self._diverged(f"the loss became {value}")
        return value

    def _check_weights(self) -> None:
        """A NaN can hide behind the neurons, which do not fire on it."""
        for name, parameter in self._network.named_parameters():
            if not torch.isfinite(parameter).all():
                raise self._diverged(f"{name} is no longer finite")

    def _diverged(self, what: str) -> NonFiniteLossError:
        return NonFiniteLossError(
            f"{what} in epoch {self.epoch + 1}, at step {self.step} of {self._steps}; "
            f"try an lr below {self._spec.lr:g}, the one-cycle schedule or a larger batch_size"
        )
