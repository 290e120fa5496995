"""TrainingLoop: the epochs and steps of one training, from its start or from a checkpoint."""

from __future__ import annotations

import errno
import math
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor, nn

from rscore import checkpoint
from rscore.checkpoint import Checkpoint, Position
from rscore.data.augmentation import augment
from rscore.data.samples import Dataset
from rscore.errors import CheckpointError, NonFiniteLossError
from rscore.randomness import random_state, restore_random_state
from rscore.reporting import Reporter, StopReason
from rscore.spec import RunSpec
from rscore.training.batches import batch_indices, batches_per_epoch, opened
from rscore.training.early_stop import EarlyStop
from rscore.training.evaluation import Evaluation, amplitude_metrics, evaluate
from rscore.training.histograms import amplitude_histograms
from rscore.training.learner import Learner
from rscore.training.ranks import ALONE, Ranks
from rscore.training.schedules import learning_rate
from rscore.training.telling import Muted, Teller
from rscore.training.totals import Totals

BATCH_LOSS_EVERY = 20
"""Steps between two values of the metric batch_loss."""
CHECKPOINT_SECONDS = 60.0
"""A checkpoint is written at least so often, in the midst of an epoch that takes longer."""

_STOPPED = {
    StopReason.CANCELLED: "cancelled",
    StopReason.DRAINED: "asked to stop; the next attempt goes on from here",
    StopReason.SUPERSEDED: "the run belongs to another attempt",
}


class TrainingLoop:
    """One training under way: `epoch` epochs complete, and `batch` batches of the next.

    Raises:
        SpecError: if this device or this number of ranks cannot train the spec.
    """

    def __init__(
        self,
        spec: RunSpec,
        reporter: Reporter,
        network: nn.Module,
        samples: Dataset,
        *,
        path: Path,
        ranks: Ranks = ALONE,
        checkpoint_seconds: float = CHECKPOINT_SECONDS,
    ) -> None:
        ranks.fit(spec, len(samples.train))
        self.epoch = 0
        self.batch = 0
        self.step = 0
        self._spec = spec
        self._reporter = reporter if ranks.main else Muted(reporter)
        self._learner = Learner(spec, network, ranks)
        self._samples = samples
        self._path = path
        self._ranks = ranks
        self._checkpoint_seconds = checkpoint_seconds
        self._device = next(network.parameters()).device
        self._batches = batches_per_epoch(len(samples.train), spec.batch_size, ranks.size)
        self._steps = self._batches * spec.epochs
        self._totals = Totals(self._device, ranks)
        self._early_stop = EarlyStop(spec.early_stop_epochs)
        self._teller = Teller(spec, self._reporter, steps=self._steps)

    @property
    def metrics(self) -> dict[str, float]:
        """Newest value of every metric."""
        return self._teller.metrics

    def trained(self) -> nn.Module:
        """The network to test and fold."""
        return self._learner.tested()

    def restore(self, saved: Checkpoint) -> None:
        """Go on from a checkpoint of the same spec; CheckpointError if its tensors do not fit."""
        try:
            self._learner.restore(saved)
            self._totals.restore(saved.part("total"))
            self._early_stop.restore(saved.part("early_stop"))
            restore_random_state(saved.part("random"), self._device)
        except (KeyError, RuntimeError) as error:
            raise CheckpointError(
                "the checkpoint was written by another version of this program and does not fit: "
                f"{str(error).splitlines()[0]}; start from the beginning"
            ) from error
        place = saved.position
        self.epoch, self.batch, self.step = place.epoch, place.batch, place.step
        self._teller.restore(saved)

    def run(self) -> StopReason | None:
        """All epochs that are left; the reason if it was asked to stop."""
        self._teller.announce(self.trained(), self._samples, self._device, step=self.step)
        self._teller.progress(self.epoch, self.step)
        with self._learner.at_work():
            while self.epoch < self._spec.epochs and not self._early_stop.reached:
                stopped = self._train_batches() or self._end_epoch()
                if stopped:
                    return stopped
        if self._early_stop.reached:
            self._teller.early_stop(self._early_stop, self.epoch)
        self._teller.progress(self.epoch, self.step)
        return None

    def _train_batches(self) -> StopReason | None:
        whole = self._chosen()
        mine = [self._ranks.share(batch) for batch in whole]
        with self._learner.training(), opened(self._samples.train, mine) as batches:
            for chosen, (inputs, labels) in zip(whole, batches, strict=True):
                stop = self._train_batch(inputs, labels, whole=len(chosen))
                if stop:
                    return self._stop(stop)
        return None

    def _chosen(self) -> list[Tensor]:
        """Indices of the samples in each batch that is left of this epoch."""
        spec, samples = self._spec, len(self._samples.train)
        every = batch_indices(
            samples, spec.batch_size, self._batches, seed=spec.seed, epoch=self.epoch
        )
        return every[self.batch :]

    def _train_batch(self, inputs: Tensor, labels: Tensor, *, whole: int) -> StopReason | None:
        ranks = self._ranks
        draw = self.batch * ranks.size + ranks.rank
        loss, logits = self._learner.step(
            augment(inputs, self._spec, epoch=self.epoch, batch=draw),
            labels,
            lr=learning_rate(self._spec, self.step, self._steps),
            progress=self.step / self._steps,
            weight=ranks.weight(len(labels), whole),
        )
        self._totals.add(loss, logits, labels)
        self.batch += 1
        self.step += 1
        if self._device.type == "cpu":  # elsewhere the look would wait for the device
            self._finite(loss)
        if self.step % BATCH_LOSS_EVERY == 0:
            (mean,) = ranks.total(self._finite(loss) * (len(labels) / whole))
            self._tell({"batch_loss": mean})
        if self._teller.pace.may_speak():
            self._teller.progress(self.epoch, self.step)
        stop, save = ranks.decide(self._reporter.stop_requested(), save=self._save_is_due())
        if save and not stop:
            self._check_weights()
            self._save()
        return stop

    def _save_is_due(self) -> bool:
        # After its last batch an epoch writes one anyway, once it is tested.
        late = self._teller.pace.unsaved_seconds() >= self._checkpoint_seconds
        return late and self.batch < self._batches

    def _end_epoch(self) -> StopReason | None:
        self._check_weights()
        network = self.trained()
        tested = self._test(network)
        if isinstance(tested, StopReason):
            return self._stop(tested)
        self.epoch += 1
        self.batch = 0
        trained = self._totals.means() | {
            "lr": learning_rate(self._spec, self.step - 1, self._steps),
            "epoch_seconds": self._teller.pace.epoch_seconds(),
        }
        self._tell(trained | tested.metrics | amplitude_metrics(network))
        self._teller.histograms(
            amplitude_histograms(network) | tested.histograms, step=self.step, epoch=self.epoch
        )
        self._early_stop.add(self.metrics["test_acc"])
        self._teller.epoch(self.epoch)
        self._totals = Totals(self._device, self._ranks)
        self._teller.pace.next_epoch()
        self._save()
        return None

    def _test(self, network: nn.Module) -> Evaluation | StopReason:
        """Rank 0 tests; the others learn from it what they need."""
        stops: list[StopReason] = []

        def interrupted() -> bool:
            stop = self._reporter.stop_requested()
            if stop:
                stops.append(stop)
            return bool(stop)

        tested = None
        if self._ranks.main:
            tested = evaluate(network, self._samples.test, interrupted=interrupted)
        stop = self._ranks.agree(stops[0] if stops else None)
        if stop:
            return stop
        known = ("test_loss", "test_acc")
        told = self._ranks.told(*(tested.metrics[name] if tested else 0.0 for name in known))
        return tested or Evaluation(dict(zip(known, told, strict=True)), {})

    def _stop(self, reason: StopReason) -> StopReason:
        if reason is not StopReason.SUPERSEDED:
            self._check_weights()
            self._save()
            self._reporter.log(f"stopped at step {self.step} of {self._steps} ({_STOPPED[reason]})")
        return reason

    def _save(self) -> None:
        parts = self._learner.parts() | {
            "total": self._totals.tensors(),
            "early_stop": self._early_stop.tensors(),
            "random": random_state(self._device),
        }
        if self._ranks.main:
            self._write(parts)
        self._ranks.wait()
        self._teller.pace.saved()

    def _write(self, parts: Mapping[str, Mapping[str, Tensor]]) -> None:
        tensors = {
            f"{part}/{name}": tensor
            for part, some in parts.items()
            for name, tensor in some.items()
        }
        seconds = self._teller.pace.epoch_seconds()
        position = Position(self.epoch, self.batch, self.step, seconds)
        try:
            checkpoint.save(Checkpoint(self._spec, position, tensors, self.metrics), self._path)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            # Somebody may make room before the end, and the work so far is in memory.
            self._reporter.log(
                f"the checkpoint of step {self.step} found no room at {self._path}: {error}; "
                "training goes on without it"
            )
            return
        self._reporter.checkpoint(self._path, step=self.step, epoch=self.epoch)

    def _tell(self, values: dict[str, float]) -> None:
        self._teller.values(values, step=self.step, epoch=self.epoch + (self.batch > 0))

    def _finite(self, loss: Tensor) -> float:
        value = loss.item()
        if not math.isfinite(value):
            raise self._diverged(f"the loss became {value}")
        return value

    def _check_weights(self) -> None:
        broken = self._learner.broken_weight()
        if broken:
            raise self._diverged(f"{broken} is no longer finite")

    def _diverged(self, what: str) -> NonFiniteLossError:
        return NonFiniteLossError(
            f"{what} in epoch {self.epoch + 1}, at step {self.step} of {self._steps}; "
            f"try an lr below {self._spec.lr:g}, the one-cycle schedule or a larger batch_size"
        )
