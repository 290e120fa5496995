"""IM-Loss: draw the mean of each layer's membrane to where its spikes inform most."""

from __future__ import annotations

from torch import Tensor

from rscore.neurons import LIF


def im_loss(membrane: Tensor, neuron: LIF) -> Tensor:
    """(mean(u) - v_threshold / T)^2, a number [], for a membrane u [T*N, ...] before its reset.

    A spike map says most when it is half ones, so when the membrane's middle is the threshold. The
    T in the denominator, the threshold 0.5 and the weight 0.005 are those of the authors' public
    code (0.5 / T, and 0.5 as an alternative). That code takes the mean over the currents into the
    last neuron of each residual block, without the first and the last block; here it is over the
    membrane of every neuron layer.

    Source: Guo et al., IM-Loss: Information Maximization Loss for Spiking Neural Networks,
    NeurIPS 2022. Its evolving surrogate gradient is not part of this.
    """
    return (membrane.mean() - neuron.v_threshold / neuron.num_timesteps).square()
