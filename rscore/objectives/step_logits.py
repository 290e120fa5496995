"""The logits of every time step, and how far they are from those of a teacher."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from rscore.networks.layers import TimeMean
from rscore.objectives.listening import Listener, given


def step_listener(network: nn.Module, *, compiled: bool) -> Listener:
    """Hears what a network's one TimeMean is given: the logits [T*N, K] of every step.

    Raises:
        ValueError: if the network has no TimeMean or several.
    """
    readouts = [module for module in network.modules() if isinstance(module, TimeMean)]
    if len(readouts) != 1:
        raise ValueError(
            f"a network has one TimeMean behind its steps' logits, not {len(readouts)}"
        )
    return Listener({readouts[0]: given(readouts[0])}, compiled=compiled)


def divergence(steps: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    """tau^2 * mean over t and n of KL(softmax(teacher / tau) || softmax(step / tau)), [].

    Args:
        steps: the student's logits of every step, [T, N, K].
        teacher: logits [N, K], the same for all steps; no gradient flows to them.
        temperature: tau > 0; its square keeps the gradient's size.

    Source: Hinton et al., Distilling the Knowledge in a Neural Network, 2015 (arXiv 1503.02531).
    """
    precise = torch.promote_types(steps.dtype, torch.float32)
    student = functional.log_softmax(steps.to(precise) / temperature, dim=-1)
    target = functional.log_softmax(teacher.detach().to(precise) / temperature, dim=-1)
    apart = functional.kl_div(student, target.expand_as(student), reduction="none", log_target=True)
    return apart.sum(-1).mean() * temperature**2
