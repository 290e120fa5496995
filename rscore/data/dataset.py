"""Dataset: a training and a test split as whole tensors."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Dataset:
    """Images [N, C, H, W] float32 in [0, 1] and labels [N] int64, for training and for test."""

    train_images: Tensor
    train_labels: Tensor
    test_images: Tensor
    test_labels: Tensor

    def first(self, train: int | None, test: int | None) -> Dataset:
        """The first so many samples of each split; None keeps all."""
        return Dataset(
            self.train_images[:train],
            self.train_labels[:train],
            self.test_images[:test],
            self.test_labels[:test],
        )

    def to(self, device: torch.device) -> Dataset:
        """The same data on another device."""
        return Dataset(
            self.train_images.to(device),
            self.train_labels.to(device),
            self.test_images.to(device),
            self.test_labels.to(device),
        )
