"""cifarnet and vgg16: convolutions one after the other, with pools between them."""

from __future__ import annotations

from torch import nn

from rscore.networks.layers import Pooled, conv_bn, spike_layer
from rscore.networks.staged import Staged
from rscore.plans import CHAINS
from rscore.spec import RunSpec


def cifarnet(spec: RunSpec, normalize: nn.Module) -> Staged:
    """CIFARNet: 128-256-pool-512-pool-1024-512 at width 128, and a linear read-out.

    The convolutions and average pools are those of Wu et al., Direct Training for Spiking Neural
    Networks, AAAI 2019 (arXiv 1809.05793). Their two hidden linear layers and voting are replaced
    by a global average pool, so that any input size fits.
    """
    return _chain(spec, normalize)


def vgg16(spec: RunSpec, normalize: nn.Module) -> Staged:
    """VGG-16: thirteen convolutions 64 to 512 at width 64, four pools, and a linear read-out.

    Source: Simonyan, Zisserman, 2014 (arXiv 1409.1556), configuration D without the hidden linear
    layers and with average pools, as in the public code of Real Spike's authors. The fifth pool is
    the global average, which at 32x32 is the same, so that any size from 16 on fits.
    """
    return _chain(spec, normalize)


def _chain(spec: RunSpec, normalize: nn.Module) -> Staged:
    """Stages of conv-BN-LIF, each ended by a 2x2 pool but the last."""
    plan, inputs, size = CHAINS[spec.network], spec.first_width, spec.size
    stages: list[nn.Module] = []
    for number, stage in enumerate(plan):
        layers: list[nn.Module] = []
        for index, multiple in enumerate(stage):
            shape = (spec.first_width * multiple, size, size)
            pools = index + 1 == len(stage) and number + 1 < len(plan)
            spikes = Pooled(spec, shape) if pools else spike_layer(spec, shape)
            layers += [*conv_bn(inputs, shape[0]), *spikes]
            inputs = shape[0]
        stages.append(nn.Sequential(*layers))
        size //= 2
    return Staged(
        spec,
        normalize,
        first=conv_bn(spec.data.channels, spec.first_width),
        stem=spike_layer(spec, (spec.first_width, spec.size, spec.size)),
        stages=stages,
        channels=inputs,
    )
