"""Self-distillation: every step's logits learn from the mean over all steps."""

from __future__ import annotations

from torch import Tensor, nn

from rscore.objectives.step_logits import divergence, step_listener
from rscore.objectives.term import Term
from rscore.spec import RunSpec


class SelfDistillation(Term):
    """weight * divergence of each step's logits from their own mean over T, which is held fixed.

    With T = 1 it is 0. Nothing but the logits is needed, so it costs next to nothing.

    Source: nearest are Yu et al., Efficient Logit-based Knowledge Distillation of Deep Spiking
    Neural Networks for Full-Range Timestep Deployment, ICML 2025 (arXiv 2501.15925), whose public
    code takes the mean over those steps only that classify the sample rightly, at temperature 3
    and beside a teacher and a cross entropy for each step; and Zuo et al., Self-Distillation
    Learning Based on Temporal-Spatial Consistency, 2024 (arXiv 2406.07862), where the teacher is
    the same network run for more steps. The plain mean over all steps is the simplest of the kind.
    """

    def __init__(self, spec: RunSpec, network: nn.Module) -> None:
        super().__init__(step_listener(network, compiled=spec.compile))
        self._num_timesteps = spec.num_timesteps
        self._weight = spec.distillation_weight
        self._temperature = spec.distillation_temperature

    def forward(self, inputs: Tensor, labels: Tensor, *, progress: float) -> Tensor:
        """The weighted divergence, []."""
        del inputs, labels, progress
        (logits,) = self.listener.values
        steps = logits.unflatten(0, (self._num_timesteps, -1))
        return self._weight * divergence(steps, steps.mean(0), self._temperature)
