"""EarlyStop: the end of a training that no longer gets better."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor


class EarlyStop:
    """Best test accuracy so far and the epochs since; `reached` after `patience` of them.

    There is no third split: the test set decides, so the accuracy of a run that was stopped so is
    an optimistic estimate.
    """

    def __init__(self, patience: int | None) -> None:
        self._patience = patience
        self.best = float("-inf")
        self.waited = 0

    @property
    def reached(self) -> bool:
        """Whether the training is over; never without a patience."""
        return self._patience is not None and self.waited >= self._patience

    def add(self, test_acc: float) -> None:
        """One epoch's test accuracy; only a strictly higher one counts as better."""
        self.waited = 0 if test_acc > self.best else self.waited + 1
        self.best = max(self.best, test_acc)

    def tensors(self) -> dict[str, Tensor]:
        """The state, for a checkpoint."""
        best = torch.tensor(self.best, dtype=torch.float64)
        return {"best": best, "waited": torch.tensor(self.waited)}

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Go on from the state of a checkpoint."""
        self.best = tensors["best"].item()
        self.waited = int(tensors["waited"])
