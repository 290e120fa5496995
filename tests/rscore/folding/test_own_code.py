"""What people write in forward(): it folds spike for spike, or is refused with layer and reason."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rscore.errors import FoldError
from rscore.folding import fold
from rscore.folding.proof import prove
from rscore.networks.layers import RepeatTime
from tests.support.networks import Body, enliven, lif_layer

Forward = Callable[["Own", Tensor], Tensor]


class Own(Body):
    """Body with its forward pass written as a function, between the image and the logits."""

    def __init__(self, forward: Forward, features: int) -> None:
        super().__init__(nn.Conv2d(4, 4, 3, padding=1), features=features)
        self.scale = nn.Parameter(torch.tensor([0.7, -0.4, 1.3, 0.2]).view(4, 1, 1))
        self.register_buffer("offset", torch.tensor(0.4))
        self.register_buffer("of_each_row", torch.rand(6, 1, 1, 1))
        self.again = nn.Sequential(nn.Conv2d(4, 4, 3, padding=1), lif_layer())
        self.norm = nn.BatchNorm2d(4)
        self.norm(torch.rand(8, 4, 9, 9))
        self.written = forward

    def spikes(self, x: Tensor) -> Tensor:
        return self.neuron(self.repeat(self.conv(x)))

    def forward(self, x: Tensor) -> Tensor:
        return self.mean(self.linear(self.written(self, x)))


def own(forward: Forward, features: int) -> nn.Module:
    torch.manual_seed(2)
    network = Own(forward, features)
    enliven(network)
    return network.eval()


def twice(net: Own, x: Tensor) -> Tensor:
    """One convolution and one neuron layer, called two times."""
    first = net.again(net.amplitude(net.spikes(x)))
    return net.again(first).flatten(1)


def normalized_by_hand(net: Own, x: Tensor) -> Tensor:
    image = 2 * ((x - net.offset) / 0.3 + 0.1)
    return net.amplitude(net.spikes(image)).flatten(1)


def viewed(net: Own, x: Tensor) -> Tensor:
    spikes = net.amplitude(net.spikes(x))
    batch, channels = spikes.size(0), spikes.shape[1]
    return spikes.contiguous().view(batch, channels * 81)


def in_place_last(net: Own, x: Tensor) -> Tensor:
    spikes = net.amplitude(net.spikes(x))
    current = net.body(spikes)
    current += spikes
    return net.again[1](current).flatten(1)


def constants_of_constants(net: Own, x: Tensor) -> Tensor:
    spikes = net.spikes(x) * torch.sigmoid(net.scale) * 2
    return torch.flatten(spikes / 3, start_dim=1)


def shared_dropout(net: Own, x: Tensor) -> Tensor:
    spikes = F.dropout(net.amplitude(net.spikes(x)), 0.5, net.training)
    return torch.reshape(spikes, (spikes.shape[0], -1))


def pooled_by_functions(net: Own, x: Tensor) -> Tensor:
    spikes = F.avg_pool2d(net.amplitude(net.spikes(x)), 2)
    return F.adaptive_avg_pool2d(spikes, 2).flatten(1)


def maximum_by_function(net: Own, x: Tensor) -> Tensor:
    spikes = net.spikes(x) * net.scale
    return F.max_pool2d(spikes, 3, stride=2, padding=1).flatten(1)


def mean_of_the_map(net: Own, x: Tensor) -> Tensor:
    return net.amplitude(net.spikes(x)).mean(dim=(-2, -1))


def mean_kept_and_squeezed(net: Own, x: Tensor) -> Tensor:
    return torch.mean(net.amplitude(net.spikes(x)), (2, 3), keepdim=True).squeeze()


def beside(net: Own, x: Tensor) -> Tensor:
    first = net.spikes(x)
    joined = torch.cat([net.amplitude(first), net.again(first) * net.scale], dim=1)
    return joined.flatten(1)


def beside_pooled(net: Own, x: Tensor) -> Tensor:
    first = net.amplitude(net.spikes(x))
    joined = torch.cat([F.avg_pool2d(first, 2), F.avg_pool2d(first * net.scale, 2)], 1)
    return joined.flatten(1)


def currents_beside(net: Own, x: Tensor) -> Tensor:
    first = net.amplitude(net.spikes(x))
    return net.again[1](torch.cat((net.body(first), first), 1)).flatten(1)


def added_by_method(net: Own, x: Tensor) -> Tensor:
    first = net.amplitude(net.spikes(x))
    return net.again(first).add(first).flatten(1)


def two_norms_of_one_synapse(net: Own, x: Tensor) -> Tensor:
    """Every consumer of spikes gets a kernel of its own, and each call of a layer its own fold."""
    spikes = net.amplitude(net.spikes(x))
    current = net.norm(net.body(spikes)) + net.norm(net.body(spikes * net.scale)) + spikes
    return net.again[1](current).flatten(1)


def twice_the_same(net: Own, x: Tensor) -> Tensor:
    first = net.amplitude(net.spikes(x))
    return (first + first).flatten(1)


@pytest.mark.parametrize(
    ("forward", "features"),
    [
        (twice, 324),
        (normalized_by_hand, 324),
        (viewed, 324),
        (in_place_last, 324),
        (constants_of_constants, 324),
        (shared_dropout, 324),
        (pooled_by_functions, 16),
        (maximum_by_function, 100),
        (mean_of_the_map, 4),
        (mean_kept_and_squeezed, 4),
        (beside, 648),
        (beside_pooled, 128),
        (currents_beside, 648),
        (added_by_method, 324),
        (twice_the_same, 324),
        (two_norms_of_one_synapse, 324),
    ],
)
def test_own_code_folds(forward: Forward, features: int) -> None:
    network, images = own(forward, features), torch.rand(6, 1, 9, 9)
    folded = fold(network, images[:2])
    proof = prove(network, folded, images)
    assert proof.float64.exact
    assert 0.01 < float(folded.trace(images.double()).spikes["neuron"].mean()) < 0.99


def test_every_call_of_a_shared_neuron_is_proved_and_named() -> None:
    network, images = own(twice, 324), torch.rand(4, 1, 9, 9)
    folded = fold(network, images[:1])
    names = [layer.layer for layer in prove(network, folded, images).float32.layers]
    assert names == ["neuron", "again.1", "again.1#2"]
    bias = folded.op("again.0#2").bias
    assert bias is not None
    bias.add_(0.01)
    assert folded.op("again.0").bias is not bias


def gated(net: Own, x: Tensor) -> Tensor:
    current = net.repeat(net.conv(x))
    return (net.neuron(current) * current).flatten(1)


def scaled_current(net: Own, x: Tensor) -> Tensor:
    return net.neuron(net.body(net.spikes(x)) * net.scale).flatten(1)


def rectified(net: Own, x: Tensor) -> Tensor:
    return F.relu(net.spikes(x)).flatten(1)


def rectified_inside(net: Own, x: Tensor) -> Tensor:
    return net.again(net.spikes(x)).relu_().flatten(1)


def complement(net: Own, x: Tensor) -> Tensor:
    first = net.spikes(x)
    return ((1 - first) * net.again(first)).flatten(1)


def shifted_spikes(net: Own, x: Tensor) -> Tensor:
    return (net.spikes(x) + 0.5).flatten(1)


def weighted_sum(net: Own, x: Tensor) -> Tensor:
    first = net.spikes(x)
    return torch.add(first, net.again(first), alpha=2).flatten(1)


def subtracted(net: Own, x: Tensor) -> Tensor:
    first = net.spikes(x)
    return (first - net.again(first)).flatten(1)


def wrong_scale(net: Own, x: Tensor) -> Tensor:
    spikes = net.spikes(x)
    return (spikes * net.of_each_row).flatten(1)


def scaled_by_itself(net: Own, x: Tensor) -> Tensor:
    spikes = net.spikes(x)
    return (spikes * spikes.mean()).flatten(1)


def scaled_by_a_number_of_its_own(net: Own, x: Tensor) -> Tensor:
    spikes = net.spikes(x)
    return (spikes * spikes.chunk(2, 1)[0].sum()).flatten(1)


def mean_over_time(net: Own, x: Tensor) -> Tensor:
    spikes = net.spikes(x)
    return spikes.view(3, -1, 4, 9, 9).mean(0).flatten(1).repeat(3, 1)


def active_dropout(net: Own, x: Tensor) -> Tensor:
    return F.dropout(net.spikes(x), 0.0).flatten(1)


def random_dropout(net: Own, x: Tensor) -> Tensor:
    return F.dropout(net.spikes(x), 0.5).flatten(1)


def along_rows(net: Own, x: Tensor) -> Tensor:
    spikes = net.spikes(x)
    return torch.cat([spikes, spikes], 2).flatten(1)


def functional_convolution(net: Own, x: Tensor) -> Tensor:
    return F.conv2d(net.spikes(x), net.body[0].weight, padding=1).flatten(1)


def branching(net: Own, x: Tensor) -> Tensor:
    return net.spikes(x if x.sum() > 0 else -x).flatten(1)


def changed_and_used_again(net: Own, x: Tensor) -> Tensor:
    current = net.body(net.spikes(x))
    kept = current
    current += 1
    return net.again[1](kept).flatten(1)


def looped(net: Own, x: Tensor) -> Tensor:
    return torch.cat([net.spikes(x[i : i + 1]) for i in range(len(x))]).flatten(1)


def current_with_two_consumers(net: Own, x: Tensor) -> Tensor:
    current = net.body(net.spikes(x))
    return net.again[1](net.norm(current) + current).flatten(1)


def norm_of_a_sum(net: Own, x: Tensor) -> Tensor:
    spikes = net.spikes(x)
    return net.again[1](net.norm(net.body(spikes) + spikes)).flatten(1)


def squared_image(net: Own, x: Tensor) -> Tensor:
    return net.spikes(x * x).flatten(1)


@pytest.mark.parametrize(
    ("forward", "layer", "reason"),
    [
        (gated, "mul", "multiplies a current"),
        (scaled_current, "mul", "scales a current"),
        (rectified, "relu", "relu has no exact folding rule"),
        (rectified_inside, "relu_", "relu_ has no exact folding rule"),
        (complement, "sub", "Connect"),
        (shifted_spikes, "add", "only the image itself"),
        (weighted_sum, "add", "alpha"),
        (subtracted, "sub", "write a sum"),
        (wrong_scale, "mul", "does not fit one sample"),
        (scaled_by_itself, "mean_1", "only a mean over rows and columns"),
        (scaled_by_a_number_of_its_own, "chunk", "chunk has no exact"),
        (mean_over_time, "view", "TimeMean"),
        (active_dropout, "dropout", "stays active"),
        (random_dropout, "Own", "is random"),
        (along_rows, "cat", "dim=1"),
        (functional_convolution, "conv2d", "conv2d has no exact folding rule"),
        (branching, "Own", "cannot be traced"),
        (changed_and_used_again, "Own", "in place"),
        (looped, "Own", "cannot be traced"),
        (squared_image, "mul", "multiplies a current"),
        (current_with_two_consumers, "norm", "other consumers"),
        (norm_of_a_sum, "norm", "directly behind"),
    ],
)
def test_own_code_is_refused_with_layer_and_reason(
    forward: Forward, layer: str, reason: str
) -> None:
    features = 648 if forward is along_rows else 324
    with pytest.raises(FoldError, match=reason) as caught:
        fold(own(forward, features), torch.rand(2, 1, 9, 9))
    assert caught.value.layer == layer


class Inner(nn.Module):
    """Where a function is called, its refusal says so."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(x)


def test_a_function_is_named_by_the_module_that_calls_it() -> None:
    network = Body(nn.Conv2d(4, 4, 3, padding=1), Inner(), lif_layer(), features=324).eval()
    with pytest.raises(FoldError, match="tanh has no exact") as caught:
        fold(network, torch.rand(1, 1, 9, 9))
    assert caught.value.layer == "body.1.tanh"


class TwoInputs(Body):
    """A mask beside the images."""

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        return super().forward(x)


class TwoOutputs(Body):
    """Features beside the logits."""

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        logits = super().forward(x)
        return logits, logits


class SpikesOut(Body):
    """Spikes instead of logits."""

    def forward(self, x: Tensor) -> Tensor:
        return self.neuron(self.repeat(self.conv(x)))


class Afterthought(Body):
    """Something that is computed after the logits and thrown away."""

    def forward(self, x: Tensor) -> Tensor:
        spikes = self.neuron(self.repeat(self.conv(x)))
        logits = self.mean(self.linear(self.body(spikes).flatten(1)))
        self.body(spikes)
        return logits


@pytest.mark.parametrize(
    ("kind", "layer", "reason"),
    [
        (TwoInputs, "mask", "the images alone"),
        (TwoOutputs, "output", "the logits alone"),
        (SpikesOut, "output", "linear read-out"),
        (Afterthought, "output", "more after the logits"),
    ],
)
def test_other_signatures_are_refused(kind: type[Body], layer: str, reason: str) -> None:
    network = kind(nn.Conv2d(4, 4, 3, padding=1), lif_layer(), features=324).eval()
    with pytest.raises(FoldError, match=reason) as caught:
        fold(network, torch.rand(1, 1, 9, 9))
    assert caught.value.layer == layer


def test_an_example_that_does_not_fit_is_refused() -> None:
    network = Body(features=324).eval()
    with pytest.raises(FoldError, match="does not run on the example"):
        fold(network, torch.rand(1, 2, 9, 9))


def test_a_subclass_is_not_guessed_at() -> None:
    class Padded(nn.Conv2d):
        pass

    class Repeated(RepeatTime):
        pass

    network = Body(Padded(4, 4, 3, padding=1), features=324)
    with pytest.raises(FoldError, match="conv2d has no exact") as caught:
        fold(network.eval(), torch.rand(1, 1, 9, 9))
    assert caught.value.layer == "body.0.conv2d"
    network = Body(features=324)
    network.repeat = Repeated(3)
    with pytest.raises(FoldError, match="Repeated has no exact") as caught:
        fold(network.eval(), torch.rand(1, 1, 9, 9))
    assert caught.value.layer == "repeat"
