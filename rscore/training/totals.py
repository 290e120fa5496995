"""Totals: running sums of an epoch under way, kept on the device and in its checkpoint."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from rscore.training.ranks import Ranks


class Totals:
    """Sum of the losses and number of right answers over the samples of an epoch so far.

    Each rank adds its own; `means` and `tensors` are of all ranks and asked by all at once.
    """

    def __init__(self, device: torch.device, ranks: Ranks) -> None:
        self._loss = torch.zeros((), dtype=torch.float64, device=device)
        self._correct = torch.zeros((), dtype=torch.int64, device=device)
        self._count = 0
        self._ranks = ranks

    def add(self, loss: Tensor, logits: Tensor, labels: Tensor) -> None:
        """One batch: its mean loss [], its logits [N, K] and labels [N]."""
        self._loss += loss.double() * len(labels)
        self._correct += (logits.argmax(1) == labels).sum()
        self._count += len(labels)

    def means(self) -> dict[str, float]:
        """Metrics train_loss and train_acc."""
        loss, correct, count = self._sums()
        return {"train_loss": loss / count, "train_acc": correct / count}

    def tensors(self) -> dict[str, Tensor]:
        """The sums, for a checkpoint."""
        loss, correct, count = self._sums()
        return {
            "loss": torch.tensor(loss, dtype=torch.float64),
            "correct": torch.tensor(int(correct)),
            "count": torch.tensor(int(count)),
        }

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Go on from the sums of a checkpoint: rank 0 takes them, the others start at nothing."""
        if self._ranks.main:
            self._loss.copy_(tensors["loss"])
            self._correct.copy_(tensors["correct"])
            self._count = int(tensors["count"])

    def _sums(self) -> list[float]:
        return self._ranks.total(self._loss.item(), self._correct.item(), self._count)
