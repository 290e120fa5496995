"""Logit distillation: every step's logits learn from an ANN twin that trains beside the network."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from rscore.networks import build_network
from rscore.neurons import LIF
from rscore.objectives.step_logits import divergence, step_listener
from rscore.objectives.term import Term
from rscore.spec import RunSpec


class AnnLogitDistillation(Term):
    """Cross entropy of the twin + weight * divergence of each step's logits from the twin's.

    The twin learns from the labels alone, in the same optimiser steps as the network
    (docs/decisions/0009 says why). Its logits are held fixed where the network learns from them.

    Source: distillation of each step's logits, instead of their mean, from an ANN: Yu et al.,
    Temporal Separation with Entropy Regularization for Knowledge Distillation in Spiking Neural
    Networks, CVPR 2025 (arXiv 2503.03144), here without their entropy term, and Yu et al.,
    ICML 2025 (arXiv 2501.15925). Both have a teacher that was trained before. Training both
    networks at once is as in Zhang et al., Deep Mutual Learning, 2018 (arXiv 1706.00384), but one
    way only.
    """

    def __init__(self, spec: RunSpec, network: nn.Module) -> None:
        super().__init__(step_listener(network, compiled=spec.compile))
        self.twin = ann_twin(spec)
        self._num_timesteps = spec.num_timesteps
        self._weight = spec.distillation_weight
        self._temperature = spec.distillation_temperature
        self._label_smoothing = spec.label_smoothing

    def forward(self, inputs: Tensor, labels: Tensor, *, progress: float) -> Tensor:
        """The twin's cross entropy and the weighted divergence, []."""
        del progress
        (logits,) = self.listener.values
        steps = logits.unflatten(0, (self._num_timesteps, -1))
        teacher = self.twin(inputs)
        learned = functional.cross_entropy(teacher, labels, label_smoothing=self._label_smoothing)
        return learned + self._weight * divergence(steps, teacher, self._temperature)


def ann_twin(spec: RunSpec) -> nn.Module:
    """The network of a spec with ReLU for its neurons and no amplitudes; inputs to logits [N, K].

    An image passes once (T = 1). The frames of a recording pass as a batch, and the logits are the
    mean over them. A SEW network's twin adds its shortcuts: a product of ReLUs, which AND and IAND
    would be, is no residual network.
    """
    analog = {
        "spike": "binary",
        "granularity": "binary",
        "membrane_norm": "none",
        "sew_connect": "add",
        "num_timesteps": spec.num_timesteps if spec.data.kind == "events" else 1,
    }
    twin = build_network(spec.model_copy(update=analog))
    for parent in list(twin.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, LIF):
                setattr(parent, name, nn.ReLU())
    return twin
