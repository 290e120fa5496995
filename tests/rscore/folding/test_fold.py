import copy

import pytest
import torch
from torch import Tensor, nn

from rscore.amplitude import Amplitude
from rscore.errors import FoldError
from rscore.folding import fold
from rscore.folding.net import FoldedNet
from rscore.folding.proof import prove
from rscore.spec import RunSpec
from tests.support.networks import (
    lif_layer,
    lively_network,
    own_network,
    sample_images,
)

GRANULARITIES = ["binary", "layer", "channel", "element"]


def assert_exact(network: nn.Module, images: Tensor) -> FoldedNet:
    """The fold of a network in eval mode, checked spike for spike in float64."""
    folded = fold(network, images[:1])
    proof = prove(network, folded, images)
    assert proof.float64.exact
    fires = [float(spikes.mean()) for spikes in folded.trace(images.double()).spikes.values()]
    assert all(0.01 < rate < 0.99 for rate in fires), fires
    return folded


@pytest.mark.parametrize("granularity", GRANULARITIES)
@pytest.mark.parametrize("pooling", ["average", "max"])
def test_small_conv_folds_spike_for_spike(granularity: str, pooling: str) -> None:
    spec = RunSpec(granularity=granularity, pooling=pooling, width=6)
    network = lively_network(spec)
    folded = assert_exact(network, sample_images(spec, 24))
    written_out = folded.materialize(limit_bytes=2**30)
    images = sample_images(spec, 8).double()
    assert written_out.materialized_bytes() == 0
    torch.testing.assert_close(written_out(images), folded(images), rtol=0, atol=1e-12)


@pytest.mark.parametrize("granularity", GRANULARITIES)
def test_resnet20_folds_spike_for_spike(granularity: str) -> None:
    spec = RunSpec(
        dataset="fashion-mnist",
        network="resnet20",
        granularity=granularity,
        width=4,
        num_timesteps=3,
    )
    assert_exact(lively_network(spec), sample_images(spec, 4))


def test_folding_leaves_the_network_alone() -> None:
    network = lively_network(RunSpec(width=4))
    before = copy.deepcopy(network.state_dict())
    fold(network, sample_images(RunSpec(), 1))
    assert all(torch.equal(value, before[key]) for key, value in network.state_dict().items())
    assert next(network.parameters()).dtype == torch.float32


def test_train_mode_is_refused_with_the_layer() -> None:
    network = lively_network(RunSpec(width=4))
    network.get_submodule("stage2.1").train()
    with pytest.raises(FoldError, match=r"stage2\.1.*eval"):
        fold(network, sample_images(RunSpec(), 1))


def test_unpopulated_batchnorm_is_refused() -> None:
    network = lively_network(RunSpec(width=4))
    network.get_submodule("stage2.1").reset_running_stats()
    with pytest.raises(FoldError, match="never populated"):
        fold(network, sample_images(RunSpec(), 1))


def test_materializing_over_the_limit_is_refused_with_both_sizes() -> None:
    spec = RunSpec(granularity="element", width=16)
    folded = fold(lively_network(spec), sample_images(spec, 1))
    with pytest.raises(FoldError, match=r"1 MiB, over the limit of 0 MiB"):
        folded.materialize(limit_bytes=1000)


@pytest.mark.parametrize(
    ("layers", "features", "granularity"),
    [
        pytest.param([nn.AvgPool2d(2)], 64, "element", id="element-pool-with-remainder-linear"),
        pytest.param([nn.AvgPool2d(2), nn.AvgPool2d(2)], 16, "element", id="element-two-pools"),
        pytest.param([nn.AdaptiveAvgPool2d(1)], 4, "element", id="element-global-pool"),
        pytest.param([nn.AdaptiveAvgPool2d(1)], 4, "channel", id="channel-global-pool"),
        pytest.param([nn.AvgPool2d(3, 2)], 64, "channel", id="channel-overlapping-pool"),
        pytest.param(
            [nn.AvgPool2d(2), nn.Conv2d(4, 6, 3, padding=1), lif_layer()],
            96,
            "element",
            id="element-pool-with-remainder-conv",
        ),
        pytest.param(
            [
                nn.AvgPool2d(2),
                nn.Conv2d(4, 6, 3, stride=2, padding=1, bias=False),
                nn.BatchNorm2d(6),
                lif_layer(),
            ],
            24,
            "element",
            id="element-pool-strided-conv-bn",
        ),
        pytest.param(
            [nn.Conv2d(4, 8, 3, padding=2, dilation=2, groups=2), lif_layer()],
            648,
            "channel",
            id="channel-grouped-dilated",
        ),
        pytest.param([nn.MaxPool2d(3, 2, 1)], 100, "channel", id="channel-max-pool-both-signs"),
        pytest.param([nn.MaxPool2d(2, ceil_mode=True)], 100, "channel", id="channel-max-pool-ceil"),
        pytest.param([nn.MaxPool2d(2, dilation=3)], 36, "channel", id="channel-max-pool-dilated"),
        pytest.param([nn.AvgPool2d(3, 2, 1)], 100, "channel", id="channel-average-pool-padded"),
        pytest.param([nn.AvgPool2d(3, 2)], 64, "element", id="element-overlapping-pool-linear"),
        pytest.param([nn.AvgPool2d((2, 3))], 48, "element", id="element-oblong-pool-linear"),
        pytest.param(
            [nn.AvgPool2d((3, 2), (2, 1)), nn.Conv2d(4, 6, 3), lif_layer()],
            72,
            "element",
            id="element-overlapping-pool-conv",
        ),
        pytest.param(
            [nn.AvgPool2d((2, 3)), nn.Conv2d(4, 8, 3, padding=1, groups=2), lif_layer()],
            96,
            "element",
            id="element-oblong-pool-grouped-conv",
        ),
        pytest.param([nn.AdaptiveAvgPool2d(3)], 36, "element", id="element-adaptive-pool"),
        pytest.param(
            [nn.Conv2d(4, 4, 3, padding=1, groups=4, bias=False), nn.BatchNorm2d(4), lif_layer()],
            324,
            "element",
            id="element-depthwise-bn",
        ),
        pytest.param(
            [nn.Conv2d(4, 8, (3, 2), (2, 1), (1, 2), (2, 1), groups=2), lif_layer()],
            384,
            "element",
            id="element-grouped-dilated-oblong",
        ),
        pytest.param(
            [nn.Conv2d(4, 6, 3), nn.AvgPool2d(2), lif_layer()], 54, "element", id="pooled-currents"
        ),
        pytest.param(
            [nn.Conv2d(4, 6, 3), nn.BatchNorm2d(6), nn.MaxPool2d(2), lif_layer()],
            54,
            "element",
            id="max-of-currents",
        ),
        pytest.param([nn.AvgPool2d(2), lif_layer()], 64, "element", id="element-pool-neuron"),
        pytest.param([nn.AvgPool2d(3, 2), lif_layer()], 64, "element", id="element-overlap-neuron"),
        pytest.param([nn.MaxPool2d(2), lif_layer()], 64, "channel", id="channel-max-pool-neuron"),
        pytest.param(
            [nn.AvgPool2d(2), Amplitude("element", (4, 4, 4))],
            64,
            "element",
            id="element-amplitude-behind-element-pool",
        ),
        pytest.param(
            [nn.AvgPool2d(2), nn.Flatten(), Amplitude("element", (64,))],
            64,
            "element",
            id="element-amplitude-behind-flat-pool",
        ),
        pytest.param(
            [Amplitude("channel", (4, 9, 9)), nn.AvgPool2d(2), Amplitude("layer", (4, 4, 4))],
            64,
            "element",
            id="three-amplitudes",
        ),
        pytest.param([nn.Dropout(0.5), nn.Identity()], 324, "element", id="dropout-element-linear"),
    ],
)
def test_own_networks_fold(layers: list[nn.Module], features: int, granularity: str) -> None:
    network = own_network(*layers, features=features, granularity=granularity)
    folded = assert_exact(network, torch.rand(16, 1, 9, 9))
    images = torch.rand(4, 1, 9, 9).double()
    written_out = folded.materialize(limit_bytes=2**30)
    torch.testing.assert_close(written_out(images), folded(images), rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("layers", "features", "layer", "reason"),
    [
        ([nn.MaxPool2d(2)], 64, "body.0", "behind the pool"),
        (
            [nn.AvgPool2d(3, 2), nn.Conv2d(4, 4, 3, padding=1), lif_layer()],
            64,
            "body.1",
            "overlapping",
        ),
        ([nn.AvgPool2d(3, 2), nn.AvgPool2d(2)], 16, "body.1", "behind an overlapping pool"),
        ([nn.AvgPool2d(2), nn.MaxPool2d(2)], 16, "body.1", "cannot follow an average pool"),
        ([nn.AvgPool2d(2, padding=1)], 100, "body.0", "without padding"),
        ([nn.AvgPool2d(2, ceil_mode=True)], 100, "body.0", "ceil_mode"),
        ([nn.AvgPool2d(2, padding=1, count_include_pad=False)], 100, "body.0", "not counted"),
        ([nn.AvgPool2d(2), nn.Conv2d(4, 4, 2, dilation=2)], 16, "body.1", "dilated"),
        ([nn.AdaptiveAvgPool2d(2)], 16, "body.0", "does not divide"),
        ([nn.Conv2d(4, 4, 3), nn.Conv2d(4, 4, 3), lif_layer()], 100, "body.1", "no neuron made"),
        ([nn.Conv2d(4, 4, 3), nn.ReLU()], 196, "body.1", "ReLU has no exact folding rule"),
        ([nn.BatchNorm2d(4)], 324, "body.0", "directly behind"),
        ([nn.Conv2d(4, 4, 3), nn.AvgPool2d(2), nn.BatchNorm2d(4)], 36, "body.2", "directly behind"),
        ([nn.Linear(9, 9)], 324, "body.0", "flatten it before"),
        ([nn.Conv2d(4, 4, 3, padding=1, padding_mode="circular")], 324, "body.0", "zero pad"),
        ([nn.Conv2d(4, 4, 3, padding="same")], 324, "body.0", "numeric"),
        ([nn.Flatten(2)], 324, "body.0", "only a flatten of everything"),
    ],
)
def test_what_is_not_exact_is_refused_with_layer_and_reason(
    layers: list[nn.Module], features: int, layer: str, reason: str
) -> None:
    with pytest.raises(FoldError, match=reason) as caught:
        fold(own_network(*layers, features=features), torch.rand(1, 1, 9, 9))
    assert caught.value.layer == layer


def test_powers_of_two_fold_bit_exactly_in_float32() -> None:
    spec = RunSpec(granularity="channel", width=6)
    network = lively_network(spec)
    for module in network.modules():
        if isinstance(module, Amplitude):
            exponents = torch.randint(-2, 2, module.value.shape)
            module.value.data = torch.exp2(exponents.float())
        if isinstance(module, nn.BatchNorm2d):
            module.running_var.fill_(1.0 - module.eps)
            module.running_mean.zero_()
            module.weight.data.fill_(1.0)
    images = sample_images(spec, 16)
    folded = fold(network, images[:1]).float()
    with torch.no_grad():
        assert torch.equal(folded(images), network(images))
