"""Networks: one file per family, and the one function that builds what a spec names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from torch import nn

from rscore.datasets import DatasetName
from rscore.networks.chains import cifarnet, vgg16
from rscore.networks.layers import Normalize
from rscore.networks.resnets import modified_resnet20, resnet
from rscore.networks.sew_resnet import sew_resnet
from rscore.networks.small_conv import SmallConv
from rscore.spec import NetworkName, RunSpec

_STATISTICS: Mapping[DatasetName, tuple[tuple[float, ...], tuple[float, ...]]] = MappingProxyType(
    {
        "digits": ((0.3053,), (0.3762,)),
        "mnist": ((0.1307,), (0.3081,)),
        "fashion-mnist": ((0.2860,), (0.3530,)),
        "kmnist": ((0.1918,), (0.3483,)),
        "cifar10": ((0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)),
        "cifar100": ((0.5071, 0.4865, 0.4409), (0.2673, 0.2564, 0.2762)),
        "imagenet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    }
)
"""Mean and standard deviation of the training pixels / 255 (digits: / 16), per channel."""

_FAMILIES: Mapping[NetworkName, Callable[[RunSpec, nn.Module], nn.Module]] = MappingProxyType(
    {
        "small-conv": SmallConv,
        "cifarnet": cifarnet,
        "vgg16": vgg16,
        "resnet20": resnet,
        "resnet19": resnet,
        "resnet20-modified": modified_resnet20,
        "sew-resnet18": sew_resnet,
        "sew-resnet34": sew_resnet,
        "sew-resnet50": sew_resnet,
    }
)


def build_network(spec: RunSpec) -> nn.Module:
    """The training network of a spec, with fresh weights from torch's current random state.

    It maps images [N, C, S, S] in [0, 1], or event frames [N, T, C, S, S], to logits [N, K]. Its
    attribute `stages` names the modules whose output, spikes [T*N, C, H, W], ends a stage.
    """
    statistics = _STATISTICS.get(spec.dataset)
    normalize = Normalize(*statistics) if statistics else nn.Identity()
    return _FAMILIES[spec.network](spec, normalize)
