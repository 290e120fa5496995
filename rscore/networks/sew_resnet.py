"""sew-resnet18, 34 and 50: residual networks that join spikes element by element (SEW)."""

from __future__ import annotations

from torch import Tensor, nn

from rscore.amplitude import make_amplitude
from rscore.networks.layers import Connect, conv_bn, make_neuron, spike_layer
from rscore.networks.staged import Staged
from rscore.plans import BLOCKS, EXPANSIONS, LARGE_SIZE, Place, residual_places, strided
from rscore.spec import RunSpec


class SEWBlock(nn.Module):
    """connect(spikes of the convolutions, spikes of the shortcut).

    With ADD each neuron has its own amplitude, and what leaves the block is a sum of differently
    scaled spikes, one folded kernel for each in every layer behind. With AND and IAND the joined
    spikes are binary and the amplitude stands behind the connection: over a gate that is scaled
    itself, (1 - a s) x, each IAND would double the number of folded kernels. Their blocks start as
    the identity, without which deep ones hardly learn.
    [T*N, C, H, W] to [T*N, C', H/stride, W/stride].
    """

    def __init__(self, spec: RunSpec, place: Place) -> None:
        super().__init__()
        self.residual = _residual(spec, place)
        self.spike = _joined_spikes(spec, place)
        self.shortcut: nn.Module = nn.Identity()
        if place.reshapes:
            current = conv_bn(place.inputs, place.outputs, kernel=1, stride=place.stride)
            self.shortcut = nn.Sequential(*current, _joined_spikes(spec, place))
        self.connect = Connect(spec.sew_connect)
        added = spec.sew_connect == "add"
        self.amplitude = nn.Identity() if added else make_amplitude(spec, place.shape)
        if not added:
            self._start_as_identity(spec)

    def forward(self, x: Tensor) -> Tensor:
        """Joined real-valued spikes of the block."""
        joined: Tensor = self.connect(self.spike(self.residual(x)), self.shortcut(x))
        scaled: Tensor = self.amplitude(joined)
        return scaled

    def _start_as_identity(self, spec: RunSpec) -> None:
        """Spikes of the convolutions: at first all for AND, none for IAND (Fang et al.)."""
        norms = [module for module in self.residual if isinstance(module, nn.BatchNorm2d)]
        nn.init.zeros_(norms[-1].weight)
        if spec.sew_connect == "and":
            last = [m for m in self.spike.modules() if isinstance(m, nn.BatchNorm2d)] or norms[-1:]
            nn.init.constant_(last[0].bias, spec.v_threshold)


def sew_resnet(spec: RunSpec, normalize: nn.Module) -> Staged:
    """SEW-ResNet: stem, four stages 64 to 512 (times 4 with bottlenecks), global pool, linear.

    From 64x64 on the stem is ImageNet's: 7x7 with stride 2 and a 3x3 max pool with stride 2, the
    amplitude behind the pool, so that element-wise ones fold as well. Below, it is one 3x3
    convolution. Any size from 16 on fits.

    Source: Fang et al., Deep Residual Learning in Spiking Neural Networks, NeurIPS 2021
    (arXiv 2102.04159).
    """
    width, size = spec.first_width, spec.size
    if size >= LARGE_SIZE:
        first = conv_bn(spec.data.channels, width, 7, stride=2)
        size = strided(strided(size, 2), 2)
        amplitude = make_amplitude(spec, (width, size, size))
        stem = nn.Sequential(make_neuron(spec, width), nn.MaxPool2d(3, 2, 1), amplitude)
    else:
        first = conv_bn(spec.data.channels, width)
        stem = spike_layer(spec, (width, size, size))
    expansion = EXPANSIONS.get(spec.network, 1)
    places = residual_places(BLOCKS[spec.network], width=width, size=size, expansion=expansion)
    return Staged(
        spec,
        normalize,
        first=first,
        stem=stem,
        stages=[nn.Sequential(*(SEWBlock(spec, place) for place in stage)) for stage in places],
        channels=places[-1][-1].outputs,
    )


def _joined_spikes(spec: RunSpec, place: Place) -> nn.Module:
    """Spikes that enter a Connect: with their own amplitude only where they are added."""
    if spec.sew_connect == "add":
        return spike_layer(spec, place.shape)
    return make_neuron(spec, place.outputs)


def _residual(spec: RunSpec, place: Place) -> nn.Sequential:
    """Currents of a block's last neuron: 3x3, 3x3, or as a bottleneck 1x1, 3x3, 1x1."""
    inner, before = place.inner, (place.inner, place.size, place.size)
    behind = spike_layer(spec, (inner, place.after, place.after))
    if inner == place.outputs:
        first = conv_bn(place.inputs, inner, stride=place.stride)
        return nn.Sequential(*first, behind, *conv_bn(inner, inner))
    return nn.Sequential(
        *conv_bn(place.inputs, inner, kernel=1),
        spike_layer(spec, before),
        *conv_bn(inner, inner, stride=place.stride),
        behind,
        *conv_bn(inner, place.outputs, kernel=1),
    )
