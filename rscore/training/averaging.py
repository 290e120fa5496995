"""Average: an exponential moving average of a network's weights."""

from __future__ import annotations

import copy
from collections.abc import Mapping

import torch
from torch import Tensor, nn


class Average:
    """mean <- decay * mean + (1 - decay) * weight after every step, from the first weights on.

    Only parameters are averaged. Buffers, such as the statistics of BatchNorm, are averages over
    steps already and are copied.

    Source: Polyak, Juditsky, Acceleration of stochastic approximation by averaging, 1992, in the
    exponential form of Tarvainen, Valpola, Mean teachers, 2017 (arXiv 1703.01780).
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self._source = network
        self._network = copy.deepcopy(network).requires_grad_(False)
        self._means = list(self._network.parameters())
        self._weights = list(network.parameters())
        self._share = 1 - decay

    @torch.no_grad()
    def update(self) -> None:
        """Take in the weights after a step."""
        for mean, weight in zip(self._means, self._weights, strict=True):
            mean.lerp_(weight, self._share)

    def network(self) -> nn.Module:
        """The averaged network, with the present buffers of its source."""
        buffers = dict(self._source.named_buffers())
        for name, buffer in self._network.named_buffers():
            buffer.copy_(buffers[name])
        return self._network

    def tensors(self) -> dict[str, Tensor]:
        """The averaged weights, for a checkpoint."""
        return dict(self._network.named_parameters())

    @torch.no_grad()
    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Go on from the averages of a checkpoint."""
        for name, mean in self._network.named_parameters():
            mean.copy_(tensors[name])
