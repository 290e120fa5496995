"""Objective: what a training minimises, as a module that runs the network itself."""

from __future__ import annotations

from contextlib import ExitStack

from torch import Tensor, nn
from torch.nn import functional

from rscore.objectives import make_terms
from rscore.spec import RunSpec


class Objective(nn.Module):
    """Cross entropy of the network's logits with label smoothing, and the spec's other terms."""

    def __init__(self, spec: RunSpec, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        terms = make_terms(spec, network)
        self.terms = nn.ModuleList(terms)
        self._listeners = [term.listener for term in terms]
        self._label_smoothing = spec.label_smoothing

    def forward(self, inputs: Tensor, labels: Tensor, *, progress: float) -> tuple[Tensor, Tensor]:
        """Loss [] and logits [N, K] of one batch.

        Args:
            inputs: [N, ...] as the network takes them.
            labels: [N].
            progress: share of the run's optimiser steps that are done, in [0, 1).
        """
        with ExitStack() as step:
            for listener in self._listeners:
                step.enter_context(listener.listening())
            logits: Tensor = self.network(inputs)
            loss = functional.cross_entropy(logits, labels, label_smoothing=self._label_smoothing)
            for term in self.terms:
                loss = loss + term(inputs, labels, progress=progress)
        return loss, logits


def make_objective(spec: RunSpec, network: nn.Module) -> Objective:
    """The objective that a spec asks for, around its network."""
    return Objective(spec, network)
