"""resnet20, resnet19 and resnet20-modified: post-activation residual networks."""

from __future__ import annotations

from torch import Tensor, nn

from rscore.amplitude import make_amplitude
from rscore.networks.layers import conv_bn, make_neuron, spike_layer
from rscore.networks.staged import Staged
from rscore.plans import BLOCKS, Place, residual_places
from rscore.spec import RunSpec


class Block(nn.Module):
    """spike(BN(conv(spike(BN(conv(x))))) + shortcut(x)), currents added before the neuron.

    [T*N, C, H, W] to [T*N, C', H/stride, W/stride].
    """

    def __init__(self, spec: RunSpec, place: Place, shortcut: nn.Module) -> None:
        super().__init__()
        self.conv1 = conv_bn(place.inputs, place.outputs, stride=place.stride)
        self.spike1 = spike_layer(spec, place.shape)
        self.conv2 = conv_bn(place.outputs, place.outputs)
        self.shortcut = shortcut
        self.spike2 = spike_layer(spec, place.shape)

    def forward(self, x: Tensor) -> Tensor:
        """Real-valued spikes of the block."""
        current = self.conv2(self.spike1(self.conv1(x)))
        spikes: Tensor = self.spike2(current + self.shortcut(x))
        return spikes


def resnet(spec: RunSpec, normalize: nn.Module) -> Staged:
    """resnet20: one 3x3 convolution and stages of 16, 32 and 64 channels; resnet19: 128, 256, 512.

    resnet20 is the CIFAR form of He et al., 2016 (arXiv 1512.03385), with a 1x1 convolution on the
    shortcuts that change the shape; resnet19 is the wide one of Zheng et al., AAAI 2021
    (arXiv 2011.05280), without its hidden linear layer. Any size from 16 on fits.
    """
    width, size = spec.first_width, spec.size
    places = residual_places(BLOCKS[spec.network], width=width, size=size)
    stages = [
        nn.Sequential(*(Block(spec, place, _strided_shortcut(place)) for place in stage))
        for stage in places
    ]
    return Staged(
        spec,
        normalize,
        first=conv_bn(spec.data.channels, width),
        stem=spike_layer(spec, (width, size, size)),
        stages=stages,
        channels=places[-1][-1].outputs,
    )


def modified_resnet20(spec: RunSpec, normalize: nn.Module) -> Staged:
    """resnet20-modified: three 3x3 convolutions, a 2x2 pool, stages of 64, 128, 256 and 512.

    As in the public code of Real Spike's authors, shortcuts that change the shape average before
    their 1x1 convolution and each block's last BatchNorm starts at 0, so that at first only
    shortcuts conduct. The amplitude of the stem stands behind the pool, for the identity of the
    first block to stay a diagonal. Any size from 16 on fits.
    """
    width, size = spec.first_width, spec.size
    half = size // 2
    stem = [
        spike_layer(spec, (width, size, size)),
        conv_bn(width, width),
        spike_layer(spec, (width, size, size)),
        conv_bn(width, width),
        make_neuron(spec, width),
        nn.AvgPool2d(2),
        make_amplitude(spec, (width, half, half)),
    ]
    places = residual_places(BLOCKS[spec.network], width=width, size=half)
    stages = [
        nn.Sequential(*(Block(spec, place, _averaged_shortcut(place)) for place in stage))
        for stage in places
    ]
    network = Staged(
        spec,
        normalize,
        first=conv_bn(spec.data.channels, width),
        stem=nn.Sequential(*stem),
        stages=stages,
        channels=places[-1][-1].outputs,
    )
    for block in network.body.modules():
        if isinstance(block, Block):
            nn.init.zeros_(block.conv2.get_parameter("1.weight"))
    return network


def _strided_shortcut(place: Place) -> nn.Module:
    if not place.reshapes:
        return nn.Identity()
    return conv_bn(place.inputs, place.outputs, kernel=1, stride=place.stride)


def _averaged_shortcut(place: Place) -> nn.Module:
    """Average and 1x1 convolution; of an odd map a pool would lose the border, so it strides."""
    if place.stride == 1 or place.size % place.stride:
        return _strided_shortcut(place)
    return nn.Sequential(nn.AvgPool2d(place.stride), *conv_bn(place.inputs, place.outputs, 1))
