"""Term: one summand of a training's loss beside the cross entropy of the network's logits."""

from __future__ import annotations

from torch import Tensor, nn

from rscore.objectives.listening import Listener


class Term(nn.Module):
    """A weighted summand of the loss, with parameters of its own where it needs them.

    They learn with the network's and are kept in checkpoints, but belong to no network, so that
    what is folded and exported is the same with the term and without.

    Args:
        listener: what the term hears of the network's forward pass. It listens during that pass
            and until the term has been computed.
    """

    def __init__(self, listener: Listener) -> None:
        super().__init__()
        self.listener = listener

    def forward(self, inputs: Tensor, labels: Tensor, *, progress: float) -> Tensor:
        """The summand [], behind the network's forward pass.

        Args:
            inputs: [N, ...] as the network took them.
            labels: [N].
            progress: share of the run's optimiser steps that are done, in [0, 1).
        """
        raise NotImplementedError
