"""A proof that cannot fail is worthless: every seeded fault must be caught."""

import copy
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import nn

from rscore.errors import CertificateError
from rscore.folding import fold
from rscore.folding.net import FoldedNet, Node
from rscore.folding.ops import Conv2d, MaxPool2d
from rscore.folding.proof import compare_float32, prove
from rscore.neurons import LIF
from rscore.spec import RunSpec
from tests.support.networks import lively_network, own_network, sample_images

RESNET = RunSpec(dataset="fashion-mnist", network="resnet20", width=4, num_timesteps=2)
CONV = RunSpec(width=6)
SEW = RunSpec(
    dataset="cifar10", image_size=16, network="sew-resnet18", width=4, num_timesteps=2,
    v_threshold=0.3,
)  # fmt: skip
MPBN = RunSpec(width=6, membrane_norm="mpbn")
TERNARY = RunSpec(width=6, spike="ternary")
SOFT = RunSpec(width=6, reset="soft")


def wrong_epsilon(network: nn.Module, folded: FoldedNet) -> FoldedNet:
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eps = 0.0
    return fold(network, sample_images(CONV, 1))


def stale_statistics(network: nn.Module, folded: FoldedNet) -> FoldedNet:
    network.get_submodule("stage2.1").running_mean.add_(0.01)
    return fold(network, sample_images(CONV, 1))


def dropped_bias(network: nn.Module, folded: FoldedNet) -> FoldedNet:
    op = folded.op("stage2.0")
    assert isinstance(op, Conv2d)
    op.bias = torch.zeros_like(op.bias)
    return folded


def dropped_amplitude(network: nn.Module, folded: FoldedNet) -> FoldedNet:
    network.get_submodule("stage2.3").value.data.fill_(1.0)
    return fold(network, sample_images(CONV, 1))


def ignored_shortcut(network: nn.Module, folded: FoldedNet) -> FoldedNet:
    """The identity shortcut passes plain spikes: its diagonal synapse is left out."""
    for node in folded.nodes:
        if node.op == "diagonal":
            folded.op(node.name).value.fill_(1.0)
    return folded


def removed_shortcut(network: nn.Module, folded: FoldedNet) -> FoldedNet:
    nodes = [
        Node(node.name, node.op, (node.inputs[0], node.inputs[0])) if node.op == "add" else node
        for node in folded.nodes
    ]
    return FoldedNet(nodes, {node.name: folded.op(node.name) for node in nodes})


def train_mode_statistics(network: nn.Module, folded: FoldedNet) -> FoldedNet:
    """BatchNorm with the statistics of a batch instead of those that eval mode uses."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 1.0
    network.train()(sample_images(CONV, 16))
    return fold(network.eval(), sample_images(CONV, 1))


def one_kernel_for_all_streams(network: nn.Module, folded: FoldedNet) -> FoldedNet:
    """A SEW sum folded as if all its spikes had the amplitude of the first."""
    for node in folded.nodes:
        layer, stream, _ = node.name.partition(".stream")
        if stream and isinstance(folded.op(node.name), Conv2d):
            folded.op(node.name).weight.copy_(folded.op(layer).weight)
    return folded


def dropped_stream(network: nn.Module, folded: FoldedNet) -> FoldedNet:
    last = next(node for node in reversed(folded.nodes) if ".stream" in node.name)
    folded.op(last.name).weight.zero_()
    return folded


def bias_in_every_stream(network: nn.Module, folded: FoldedNet) -> FoldedNet:
    node = next(node for node in folded.nodes if node.name.endswith(".stream1"))
    folded.op(node.name).bias = folded.op(node.name.removesuffix(".stream1")).bias
    return folded


def threshold_without_epsilon(network: nn.Module, folded: FoldedNet) -> FoldedNet:
    for name, module in network.named_modules():
        if name.endswith("norm"):
            module.eps = 0.0
    return fold(network, sample_images(CONV, 1))


def threshold_of_a_dead_channel(network: nn.Module, folded: FoldedNet) -> FoldedNet:
    """As if gamma were 0 in one channel."""
    op = next(folded.op(node.name) for node in folded.nodes if node.op == "threshold_lif")
    op.threshold[0] = torch.inf
    return folded


def neuron_with(**changes: object) -> Callable[[nn.Module, FoldedNet], FoldedNet]:
    def fault(network: nn.Module, folded: FoldedNet) -> FoldedNet:
        for node in folded.nodes:
            if node.op == "lif":
                for name, value in changes.items():
                    setattr(folded.op(node.name), name, value)
        return folded

    fault.__name__ = f"neuron_with_{'_'.join(map(str, changes.values()))}"
    return fault


def emits_two(network: nn.Module, folded: FoldedNet) -> FoldedNet:
    """A neuron that reports a spike count instead of a spike."""
    op = folded.op("stage2.2")
    plain = op.membrane_and_spikes

    def doubled(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        membrane, spikes = plain(x)
        return membrane, 2 * spikes

    op.membrane_and_spikes = doubled
    return folded


@pytest.mark.parametrize(
    ("spec", "fault"),
    [
        (CONV, wrong_epsilon),
        (CONV, stale_statistics),
        (CONV, dropped_bias),
        (CONV, dropped_amplitude),
        (CONV, emits_two),
        (CONV, train_mode_statistics),
        (CONV, neuron_with(reset="soft")),
        (CONV, neuron_with(spike="ternary")),
        (CONV, neuron_with(decay=0.24)),
        (SOFT, neuron_with(reset="hard")),
        (TERNARY, neuron_with(spike="binary")),
        (SEW, one_kernel_for_all_streams),
        (SEW, dropped_stream),
        (SEW, bias_in_every_stream),
        (MPBN, threshold_without_epsilon),
        (MPBN, threshold_of_a_dead_channel),
        (RESNET, ignored_shortcut),
        (RESNET, removed_shortcut),
    ],
)
def test_seeded_faults_are_caught(
    spec: RunSpec, fault: Callable[[nn.Module, FoldedNet], FoldedNet]
) -> None:
    network = lively_network(spec)
    images = sample_images(spec, 16)
    folded = fold(network, images[:1])
    assert prove(network, folded, images).float64.exact
    faulty = fault(copy.deepcopy(network), folded)
    with pytest.raises(CertificateError, match="not the trained one"):
        prove(network, faulty, images)


def test_naive_max_pool_is_caught() -> None:
    """Where an amplitude is negative the fold must take the smallest of a window."""
    network = own_network(nn.MaxPool2d(3, 2, 1), features=100, granularity="channel")
    images = torch.rand(16, 1, 9, 9)
    folded = fold(network, images[:1])
    assert prove(network, folded, images).float64.exact
    pool = folded.op("body.0")
    assert isinstance(pool, MaxPool2d)
    assert pool.negative is not None
    pool.negative = None
    with pytest.raises(CertificateError, match="not the trained one"):
        prove(network, folded, images)


def test_train_mode_batchnorm_is_caught() -> None:
    network = lively_network(CONV)
    folded = fold(network, sample_images(CONV, 1))
    network.train()
    with pytest.raises(CertificateError, match="train mode"):
        prove(network, folded, sample_images(CONV, 4))


def test_a_comparison_that_was_not_reversed_is_caught() -> None:
    """Where a normalised membrane has gamma < 0 the neuron fires below its threshold."""
    network, images = lively_network(MPBN), sample_images(MPBN, 8)
    norm = network.get_submodule("stage2.2").norm
    norm.weight.data[:2] *= -1
    norm.weight.data[2:4] = 0
    folded = fold(network, images[:1])
    assert prove(network, folded, images).float64.exact
    folded.op("stage2.2").below.zero_()
    with pytest.raises(CertificateError, match="not the trained one"):
        prove(network, folded, images)


def renamed(folded: FoldedNet, old: str, new: str) -> FoldedNet:
    """The same network with one node under another name."""
    names = {node.name: new if node.name == old else node.name for node in folded.nodes}
    nodes = [
        Node(names[node.name], node.op, tuple(names.get(name, name) for name in node.inputs))
        for node in folded.nodes
    ]
    return FoldedNet(nodes, {new_name: folded.op(name) for name, new_name in names.items()})


def test_neurons_that_only_one_network_has_are_caught() -> None:
    network, images = lively_network(CONV), sample_images(CONV, 4)
    folded = fold(network, images[:1])
    with pytest.raises(CertificateError, match=r"only the folded network has .* 'other'"):
        prove(network, renamed(folded, "stage2.2", "other"), images)

    def fires_too(net: nn.Module, _inputs: object, _logits: torch.Tensor) -> None:
        net.extra(torch.zeros(4, 1))

    network.extra = LIF(num_timesteps=4)
    network.register_forward_hook(fires_too)
    with pytest.raises(CertificateError, match="different neuron layers: extra"):
        prove(network.eval(), folded, images)


def test_a_network_without_neurons_proves_nothing() -> None:
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(72, 3)).eval()
    images = torch.rand(4, 1, 8, 8)
    with pytest.raises(CertificateError, match="needs neurons"):
        prove(network, fold(network, images[:1]), images)


def test_chunks_and_one_batch_prove_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    network, images = lively_network(CONV), sample_images(CONV, 7)
    folded = fold(network, images[:1])
    at_once = prove(network, folded, images)
    monkeypatch.setattr("rscore.folding.proof.CHUNK_BYTES", 1)
    one_by_one = prove(network, folded, images)
    assert one_by_one.float64.spikes == at_once.float64.spikes
    assert one_by_one.float32.agreement == at_once.float32.agreement == 7
    assert [layer.neurons for layer in one_by_one.float32.layers] == [
        layer.neurons for layer in at_once.float32.layers
    ]


def test_a_fold_of_another_network_is_caught() -> None:
    images = sample_images(CONV, 4)
    folded = fold(lively_network(CONV, seed=1), images[:1])
    with pytest.raises(CertificateError, match="not the trained one"):
        prove(lively_network(CONV, seed=2), folded, images)


def test_no_samples_prove_nothing() -> None:
    network = lively_network(CONV)
    with pytest.raises(CertificateError, match="at least one sample"):
        prove(network, fold(network, sample_images(CONV, 1)), sample_images(CONV, 0))


def test_float32_flips_are_counted_per_layer_and_step() -> None:
    """A disturbed first layer: its flips are its own, everything behind it only cascades."""
    network = lively_network(RESNET)
    images = sample_images(RESNET, 4)
    folded = fold(network, images[:1]).float()
    folded.op("encode.1").bias.add_(0.01)
    proof = compare_float32(network, folded, images)
    first, *others = proof.layers
    assert first.layer == next(n for n, m in network.named_modules() if isinstance(m, LIF))
    assert first.neurons == 4 * 4 * 28 * 28
    assert first.local_mismatch == first.end_to_end_mismatch
    assert len(first.local_mismatch) == RESNET.num_timesteps
    assert all(flips > 0 for flips in first.local_mismatch)
    assert all(sum(layer.local_mismatch) < 3 for layer in others)
    assert sum(others[-1].end_to_end_mismatch) > 10
    assert proof.max_abs_logit_diff > 1e-3


def test_the_verdict_is_bounded_when_a_prediction_changes() -> None:
    network = lively_network(CONV)
    images = sample_images(CONV, 8)
    proof = prove(network, fold(network, images[:1]), images)
    assert proof.verdict == "exact"
    changed = replace(proof, float32=replace(proof.float32, agreement=7))
    assert changed.verdict == "bounded"
