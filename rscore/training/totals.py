"""Totals: running sums of an epoch under way, kept on the device and in its checkpoint."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor


class Totals:
    """Sum of the losses and number of right answers over the samples of an epoch so far."""

    def __init__(self, device: torch.device) -> None:
        self._loss = torch.zeros((), dtype=torch.float64, device=device)
        self._correct = torch.zeros((), dtype=torch.int64, device=device)
        self._count = 0

    def add(self, loss: Tensor, logits: Tensor, labels: Tensor) -> None:
        """One batch: its mean loss [], its logits [N, K] and labels [N]."""
        self._loss += loss.double() * len(labels)
        self._correct += (logits.argmax(1) == labels).sum()
        self._count += len(labels)

    def means(self) -> dict[str, float]:
        """Metrics train_loss and train_acc."""
        return {
            "train_loss": self._loss.item() / self._count,
            "train_acc": self._correct.item() / self._count,
        }

    def tensors(self) -> dict[str, Tensor]:
        """The sums, for a checkpoint."""
        count = torch.tensor(self._count)
        return {"loss": self._loss, "correct": self._correct, "count": count}

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Go on from the sums of a checkpoint."""
        self._loss.copy_(tensors["loss"])
        self._correct.copy_(tensors["correct"])
        self._count = int(tensors["count"])
