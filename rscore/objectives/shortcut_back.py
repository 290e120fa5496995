"""Shortcut back: classifiers behind the earlier stages, whose gradient skips the later ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from rscore.networks.layers import global_readout
from rscore.objectives.listening import Listener, told
from rscore.objectives.term import Term
from rscore.spec import RunSpec


class ShortcutBack(Term):
    """(1 - progress) * sum over the stages but the last of the cross entropy of a head behind it.

    A head is a global average pool, a linear layer and the mean over T. It is there in training
    only. Its gradient comes to the early layers without passing the late ones, first in full and
    at the end not at all, so that the network ends on its own loss.

    Source: Guo et al., Take A Shortcut Back: Mitigating the Gradient Vanishing for Training Spiking
    Neural Networks, NeurIPS 2024 (arXiv 2401.04486): branches from intermediate layers, removed for
    inference, balanced by a coefficient that falls from epoch to epoch. The paper's formulas could
    not be read: the linear fall, step by step, and one cross entropy for each head are ours.

    Args:
        spec: the training.
        network: on its device; its `stages` name the modules that end a stage. One sample of zeros
            passes it, in eval mode, to find their channels; it is left as it was.
    """

    def __init__(self, spec: RunSpec, network: nn.Module) -> None:
        names = cast("tuple[str, ...]", network.stages)
        stages = [network.get_submodule(name) for name in names[:-1]]
        listener = Listener({stage: told(stage) for stage in stages}, compiled=spec.compile)
        super().__init__(listener)
        channels = _channels(network, listener, spec.input_shape)
        self.heads = nn.ModuleList(global_readout(spec, count) for count in channels)
        self._label_smoothing = spec.label_smoothing

    def forward(self, inputs: Tensor, labels: Tensor, *, progress: float) -> Tensor:
        """The weighted sum of the heads' cross entropies, []."""
        del inputs
        losses = [
            functional.cross_entropy(head(spikes), labels, label_smoothing=self._label_smoothing)
            for head, spikes in zip(self.heads, self.listener.values, strict=True)
        ]
        return (1 - progress) * torch.stack(losses).sum()


def _channels(network: nn.Module, listener: Listener, sample: Sequence[int]) -> list[int]:
    """C of every stage that is listened to, in the order in which they run."""
    modes = {module: module.training for module in network.modules()}
    weight = next(network.parameters())
    zeros = torch.zeros(1, *sample, dtype=weight.dtype, device=weight.device)
    network.eval()
    with torch.no_grad(), listener.listening():
        network(zeros)
        channels = [spikes.shape[1] for spikes in listener.values]
    for module, mode in modes.items():
        module.training = mode
    return channels
