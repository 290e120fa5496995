"""Samples: one split of a data set, as batches on the device that trains."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import torch
from torch import Tensor


class Samples(Protocol):
    """One split; images are [C, H, W] a sample, event frames [T, C, H, W], both float32."""

    def __len__(self) -> int:
        """Number of samples N."""

    def batches(self, chosen: Sequence[Tensor]) -> Iterator[tuple[Tensor, Tensor]]:
        """For each index tensor [n] the inputs [n, ...] and the labels [n], on the device."""

    def head(self, count: int) -> tuple[Tensor, Tensor]:
        """The first samples, at most `count`: inputs and labels, on the CPU."""

    def first(self, count: int | None) -> Samples:
        """The split cut to its first `count` samples; None keeps all."""

    def to(self, device: torch.device) -> Samples:
        """The same samples, given on another device."""


@dataclass(frozen=True, slots=True)
class TensorSamples:
    """Samples that lie whole on the device, as they were stored: float32, or uint8 to save memory.

    A sample's float32 value is the stored one divided by `divisor`.
    """

    inputs: Tensor
    """[N, ...]."""
    labels: Tensor
    """[N] int64."""
    divisor: float = 1.0

    def __len__(self) -> int:
        return len(self.labels)

    def batches(self, chosen: Sequence[Tensor]) -> Iterator[tuple[Tensor, Tensor]]:
        """One gather a batch."""
        for index in chosen:
            here = index.to(self.labels.device)
            yield self._floats(self.inputs[here]), self.labels[here]

    def head(self, count: int) -> tuple[Tensor, Tensor]:
        """The first samples on the CPU."""
        return self._floats(self.inputs[:count].cpu()), self.labels[:count].cpu()

    def first(self, count: int | None) -> TensorSamples:
        """The split cut to its first samples."""
        return replace(self, inputs=self.inputs[:count], labels=self.labels[:count])

    def to(self, device: torch.device) -> TensorSamples:
        """The same samples on another device."""
        return replace(self, inputs=self.inputs.to(device), labels=self.labels.to(device))

    def _floats(self, stored: Tensor) -> Tensor:
        values = stored.float()
        return values if self.divisor == 1.0 else values / self.divisor


@dataclass(frozen=True, slots=True)
class Dataset:
    """The training and the test split of a data set."""

    train: Samples
    test: Samples

    def first(self, train: int | None, test: int | None) -> Dataset:
        """The first so many samples of each split; None keeps all."""
        return Dataset(self.train.first(train), self.test.first(test))

    def to(self, device: torch.device) -> Dataset:
        """The same data on another device."""
        return Dataset(self.train.to(device), self.test.to(device))
