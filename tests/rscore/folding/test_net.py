"""The folded network itself: its graph as JSON, its alphabet, kernels tile by tile."""

import json

import pytest
import torch
from torch import Tensor, nn

from rscore.errors import FoldError
from rscore.folding import FoldedNet, fold
from rscore.folding.net import Firing, Node
from rscore.folding.ops import OPS, FactoredConv2d, Op, UnsharedConv2d
from rscore.spec import RunSpec
from tests.rscore.folding.topologies import Shortcut
from tests.support.networks import lif_layer, lively_network, own_network, sample_images

SPECS = [
    RunSpec(width=4, granularity="element"),
    RunSpec(width=4, pooling="max", membrane_norm="mpbn"),
    RunSpec(width=4, spike="ternary", reset="soft", learn_decay=True),
    RunSpec(dataset="n-mnist", image_size=9, width=4, num_timesteps=2),
    *(
        RunSpec(
            dataset="cifar10",
            image_size=16,
            network="sew-resnet18",
            width=4,
            sew_connect=kind,
            num_timesteps=2,
        )
        for kind in ("add", "and", "iand")
    ),
]
NAMES = ["element", "mpbn-max", "ternary-soft", "events", "sew-add", "sew-and", "sew-iand"]


def rebuilt(folded: FoldedNet) -> FoldedNet:
    """The network as another process would read it."""
    graph = json.loads(json.dumps(folded.graph()))
    return FoldedNet.from_graph(graph, folded.tensors())


@pytest.mark.parametrize("spec", SPECS, ids=NAMES)
def test_graph_and_tensors_are_the_whole_network(spec: RunSpec) -> None:
    images = sample_images(spec, 3).double()
    folded = fold(lively_network(spec), images[:1].float())
    for one in (folded, folded.materialize(limit_bytes=2**30)):
        assert torch.equal(rebuilt(one)(images), one(images))


def test_every_primitive_is_reached_by_some_network() -> None:
    reached = {node.op for spec in SPECS for node in _nodes(lively_network(spec), spec)}
    layers = [Shortcut(nn.Sequential(nn.Conv2d(4, 4, 1), lif_layer()), "cat")]
    beside = fold(own_network(*layers, features=648), torch.rand(1, 1, 9, 9))
    materialized = fold(lively_network(SPECS[0]), sample_images(SPECS[0], 1)).materialize(
        limit_bytes=2**30
    )
    identity = RunSpec(dataset="fashion-mnist", network="resnet20", width=4, num_timesteps=1)
    reached |= {node.op for net in (beside, materialized) for node in net.nodes}
    reached |= {node.op for node in _nodes(lively_network(identity), identity)}
    assert reached == set(OPS)


def _nodes(network: nn.Module, spec: RunSpec) -> tuple[Node, ...]:
    return fold(network, sample_images(spec, 1)).nodes


def test_graphs_of_earlier_versions_are_read() -> None:
    """Attributes that came later have the value that was meant before them."""
    later = {
        "factored_conv2d": {"dilation", "groups"},
        "unshared_conv2d": {"dilation", "groups"},
        "average_pool2d": {"padding"},
        "max_pool2d": {"dilation", "ceil_mode"},
        "lif": {"reset", "spike"},
    }
    for spec in (SPECS[0], RunSpec(width=4, pooling="max", granularity="channel")):
        images = sample_images(spec, 3).double()
        factored = fold(lively_network(spec), images[:1].float())
        for folded in (factored, factored.materialize(limit_bytes=2**30)):
            graph = folded.graph()
            for entry in graph:
                for name in later.get(entry["op"], ()):
                    del entry["attributes"][name]
            old = FoldedNet.from_graph(graph, folded.tensors())
            assert torch.equal(old(images), folded(images))


def test_alphabet() -> None:
    for spike, alphabet in (("binary", (0, 1)), ("ternary", (-1, 0, 1))):
        spec = RunSpec(width=4, spike=spike)
        assert fold(lively_network(spec), sample_images(spec, 1)).alphabet == alphabet


def factored(*, groups: int = 1, dilation: int = 1) -> FactoredConv2d:
    torch.manual_seed(0)
    return FactoredConv2d(
        weight=torch.randn(6, 4 // groups, 3, 3).double(),
        amplitude=torch.randn(4, 9, 8).double(),
        bias=torch.randn(6).double(),
        stride=(2, 1),
        padding=(1, 0),
        dilation=(dilation, 1),
        groups=groups,
    )


@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("dilation", [1, 2])
def test_materialized_convolution_is_the_factored_one(groups: int, dilation: int) -> None:
    op = factored(groups=groups, dilation=dilation)
    unshared = op.materialize()
    assert isinstance(unshared, UnsharedConv2d)
    x = torch.randint(0, 2, (5, 4, 9, 8)).double()
    torch.testing.assert_close(unshared(x), op(x), rtol=0, atol=1e-12)
    assert unshared.weight.nbytes == op.materialized_bytes(itemsize=8)


def test_kernels_come_in_tiles_that_keep_to_their_size() -> None:
    op = factored(groups=2)
    one = op.weight.numel() * 8
    tiles = list(op.tiles(tile_bytes=7 * one + 3))
    positions = op.output_size[0] * op.output_size[1]
    assert [len(tile) for tile in tiles] == [7] * (positions // 7) + [positions % 7]
    assert torch.equal(torch.cat(tiles), op.materialize().weight)
    assert [len(tile) for tile in op.tiles(tile_bytes=1)] == [1] * positions


def test_the_limit_is_checked_before_anything_is_allocated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spec = RunSpec(granularity="element", width=16)
    folded = fold(lively_network(spec), sample_images(spec, 1))

    def allocate(_op: FactoredConv2d) -> Op:
        raise AssertionError("kernels were allocated over the limit")

    monkeypatch.setattr(FactoredConv2d, "materialize", allocate)
    needed = folded.materialized_bytes()
    with pytest.raises(FoldError, match="over the limit"):
        folded.materialize(limit_bytes=needed - 1)


def test_materializing_leaves_the_factored_network_alone() -> None:
    spec = RunSpec(granularity="element", width=4)
    folded = fold(lively_network(spec), sample_images(spec, 1))
    written_out = folded.materialize(limit_bytes=2**30)
    for tensor in written_out.tensors().values():
        tensor.zero_()
    assert all(bool(tensor.any()) for tensor in folded.tensors().values())


def test_watching_sees_what_tracing_keeps() -> None:
    spec = RunSpec(width=4)
    folded = fold(lively_network(spec), sample_images(spec, 1))
    images = sample_images(spec, 3).double()
    seen: dict[str, tuple[Tensor, Tensor]] = {}

    def see(firing: Firing) -> None:
        seen[firing.layer] = (firing.current, firing.spikes)

    logits = folded.watch(images, see)
    trace = folded.trace(images, keep_values=True)
    assert torch.equal(logits, trace.logits)
    assert list(seen) == list(trace.spikes)
    for layer, (current, spikes) in seen.items():
        assert torch.equal(current, trace.currents[layer])
        assert torch.equal(spikes, trace.values[layer])
    assert set(trace.values) == {"images", *(node.name for node in folded.nodes)}
