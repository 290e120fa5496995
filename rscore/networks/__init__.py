"""Networks: one file per family, and the one function that builds what a spec names."""

from __future__ import annotations

from torch import nn

from rscore.networks.layers import Normalize
from rscore.networks.resnet20 import ResNet20
from rscore.networks.small_conv import SmallConv
from rscore.spec import RunSpec

_STATISTICS: dict[str, tuple[tuple[float, ...], tuple[float, ...]]] = {
    "digits": ((0.3053,), (0.3761,)),
    "mnist": ((0.1307,), (0.3081,)),
    "fashion-mnist": ((0.2860,), (0.3530,)),
}
"""Mean and standard deviation of the training pixels / 255 (digits: / 16), per channel."""


def build_network(spec: RunSpec) -> nn.Module:
    """The training network of a spec, with fresh weights from torch's current random state.

    It maps images [N, C, H, W] in [0, 1] to logits [N, K].
    """
    families = {"small-conv": SmallConv, "resnet20": ResNet20}
    return families[spec.network](spec, Normalize(*_STATISTICS[spec.dataset]))
