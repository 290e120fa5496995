"""SEW blocks of one's own: sums of differently scaled spikes, counts, gates, and their limits."""

from typing import Literal

import pytest
import torch
from torch import Tensor, nn

from rscore.amplitude import Amplitude
from rscore.errors import FoldError
from rscore.folding import FoldedNet, fold
from rscore.folding.ops import AveragePool2d, Conv2d, FactoredConv2d
from rscore.folding.proof import prove
from rscore.folding.rules.streams import MOST_STREAMS
from rscore.networks.layers import Connect, RepeatTime, TimeMean
from tests.support.networks import enliven, lif_layer

SHAPE = (4, 9, 9)
Kind = Literal["add", "and", "iand"]


class Block(nn.Module):
    """connect(spikes of a convolution, x)."""

    def __init__(self, kind: Kind, amplitude: nn.Module) -> None:
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 3, padding=1)
        self.neuron = lif_layer()
        self.amplitude = amplitude
        self.connect = Connect(kind)

    def forward(self, x: Tensor) -> Tensor:
        return self.connect(self.amplitude(self.neuron(self.conv(x))), x)


def sew(
    *blocks: nn.Module, after: list[nn.Module], granularity: str = "channel", features: int = 324
) -> nn.Module:
    """Blocks behind scaled spikes [T*N, 4, 9, 9], then `after` and a linear read-out."""
    torch.manual_seed(3)
    first = nn.Identity() if granularity == "binary" else Amplitude(granularity, SHAPE)
    stem = [nn.Conv2d(1, 4, 3, padding=1), RepeatTime(3), lif_layer(), first]
    head = [nn.Flatten(), nn.Linear(features, 5), TimeMean(3)]
    network = nn.Sequential(*stem, *blocks, *after, *head)
    enliven(network)
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d) and layer.bias is not None:
            nn.init.uniform_(layer.bias, 0, 0.3)
    network(torch.rand(8, 1, 9, 9))
    return network.eval()


def block(kind: Kind, granularity: str) -> Block:
    binary = granularity == "binary"
    return Block(kind, nn.Identity() if binary else Amplitude(granularity, SHAPE))


def assert_exact(network: nn.Module) -> FoldedNet:
    images = torch.rand(6, 1, 9, 9)
    folded = fold(network, images[:1])
    assert prove(network, folded, images).float64.exact
    first, *others = folded.trace(images.double()).spikes.values()
    assert 0.1 < float(first.mean()) < 0.9
    assert all(set(spikes.unique().tolist()) <= {0.0, 1.0} for spikes in others)
    doubled = images.double()
    written_out = folded.materialize(limit_bytes=2**30)
    torch.testing.assert_close(written_out(doubled), folded(doubled), rtol=0, atol=1e-12)
    return folded


def kinds(folded: FoldedNet, layer: str) -> list[str]:
    """Primitives that a layer became."""
    return [node.op for node in folded.nodes if node.name.split(".s")[0] == layer]


@pytest.mark.parametrize("granularity", ["binary", "layer", "channel", "element"])
@pytest.mark.parametrize("kind", ["add", "and", "iand"])
@pytest.mark.parametrize(
    ("after", "features"),
    [
        ([], 324),
        ([nn.Conv2d(4, 6, 3, 2), nn.BatchNorm2d(6), lif_layer()], 96),
        ([nn.AvgPool2d(2), nn.Conv2d(4, 6, 3, padding=1, bias=False), lif_layer()], 96),
        ([nn.AdaptiveAvgPool2d(1)], 4),
        ([nn.AvgPool2d(2), nn.AvgPool2d(2)], 16),
        ([nn.AvgPool2d(3, 2, 1)], 100),
        ([lif_layer()], 324),
        ([nn.AvgPool2d(2), lif_layer()], 64),
    ],
    ids=["linear", "conv-bn", "pool-conv", "global", "pools", "padded", "neuron", "pool-neuron"],
)
def test_sums_and_gates_pass_every_consumer(
    kind: Kind, granularity: str, after: list[nn.Module], features: int
) -> None:
    blocks = [block(kind, granularity), block(kind, granularity)]
    network = sew(*blocks, after=after, granularity=granularity, features=features)
    if granularity == "element" and _padded(after):
        with pytest.raises(FoldError, match="only average pools without padding"):
            fold(network, torch.rand(1, 1, 9, 9))
        return
    assert_exact(network)


def _padded(layers: list[nn.Module]) -> bool:
    return any(isinstance(layer, nn.AvgPool2d) and layer.padding for layer in layers)


def test_batchnorm_enters_every_kernel_and_its_shift_only_one() -> None:
    after = [nn.Conv2d(4, 6, 3), nn.BatchNorm2d(6), lif_layer()]
    network = sew(block("add", "channel"), block("add", "element"), after=after, features=294)
    folded = assert_exact(network)
    assert kinds(folded, "6") == ["factored_conv2d", "conv2d", "add", "conv2d", "add"]
    ops = [folded.op(name) for name in ("6", "6.stream1", "6.stream2")]
    assert [op.bias is not None for op in ops if isinstance(op, Conv2d | FactoredConv2d)] == [
        True,
        False,
        False,
    ]


def test_streams_of_one_scale_are_counted_and_need_one_kernel() -> None:
    blocks = [block("add", "binary") for _ in range(3)]
    after = [nn.Conv2d(4, 6, 3), lif_layer()]
    folded = assert_exact(sew(*blocks, after=after, granularity="binary", features=294))
    assert kinds(folded, "7") == ["conv2d"]


def test_a_shared_amplitude_is_one_scale() -> None:
    """One amplitude per stage, tied over its blocks: spikes are counts as in vanilla SEW."""
    tied = Amplitude("channel", SHAPE)
    network = sew(Block("add", tied), Block("add", tied), after=[nn.Conv2d(4, 6, 3), lif_layer()],
                  features=294)  # fmt: skip
    folded = assert_exact(network)
    assert kinds(folded, "6") == ["conv2d", "conv2d", "add"]


def test_max_of_counts_but_not_of_streams() -> None:
    after = [nn.MaxPool2d(3, 2, 1)]
    assert_exact(sew(block("add", "binary"), after=after, granularity="binary", features=100))
    with pytest.raises(FoldError, match="no sum of scaled maxima") as caught:
        fold(sew(block("add", "channel"), after=after, features=100), torch.rand(1, 1, 9, 9))
    assert caught.value.layer == "5"


def test_iand_of_plain_spikes_stays_one_stream() -> None:
    after = [Amplitude("element", SHAPE), nn.Conv2d(4, 6, 3), lif_layer()]
    folded = assert_exact(
        sew(block("iand", "binary"), after=after, granularity="binary", features=294)
    )
    assert kinds(folded, "6") == ["factored_conv2d"]


def test_an_amplitude_scales_every_stream() -> None:
    after = [Amplitude("element", SHAPE), nn.AvgPool2d(2), Amplitude("element", (4, 4, 4))]
    assert_exact(sew(block("add", "channel"), after=after, features=64))


def test_more_streams_than_the_limit_are_refused_with_both_numbers() -> None:
    fits = [block("add", "channel") for _ in range(MOST_STREAMS - 1)]
    images = torch.rand(1, 1, 9, 9)
    folded = fold(sew(*fits, after=[]), images)
    assert sum(node.op == "linear" for node in folded.nodes) == MOST_STREAMS
    beyond = sew(*fits, block("add", "channel"), after=[])
    with pytest.raises(FoldError, match=f"{MOST_STREAMS + 1} .*limit of {MOST_STREAMS}") as caught:
        fold(beyond, images)
    assert caught.value.layer == f"{len(fits) + 4}.connect"


def test_gates_of_pooled_elements_are_refused() -> None:
    class Gate(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.pool = nn.AvgPool2d(2)
            self.connect = Connect("and")

        def forward(self, x: Tensor) -> Tensor:
            return self.connect(self.pool(x), self.pool(x))

    with pytest.raises(FoldError, match="cannot enter a product"):
        fold(sew(Gate(), after=[], granularity="element", features=64), torch.rand(1, 1, 9, 9))


def test_averaging_keeps_each_stream_apart() -> None:
    folded = fold(
        sew(block("add", "channel"), after=[nn.AvgPool2d(2)], features=64), torch.rand(1, 1, 9, 9)
    )
    pools = [node.name for node in folded.nodes if isinstance(folded.op(node.name), AveragePool2d)]
    assert pools == ["5", "5.stream1"]
