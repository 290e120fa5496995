import itertools

import pytest
import torch
from torch import Tensor

from benchmarks.processes import PEERS, run_json
from rscore.cost import before_folding, energy_estimate, fan_out, measure
from rscore.folding import fold
from rscore.folding.net import INPUT, FoldedNet, Node
from rscore.folding.ops import (
    Add,
    And,
    AveragePool2d,
    Conv2d,
    LIFOp,
    Linear,
    MaxPool2d,
    Op,
    RepeatTimeOp,
)
from rscore.spec import RunSpec
from tests.support.networks import lively_network, sample_images


def test_fan_out_of_a_convolution_counts_the_border() -> None:
    op = Conv2d(weight=torch.randn(2, 1, 3, 3), padding=(1, 1))
    reach = fan_out(op, torch.zeros(1, 1, 4, 4))[0, 0]
    assert reach.tolist() == [[8, 12, 12, 8], [12, 18, 18, 12], [12, 18, 18, 12], [8, 12, 12, 8]]


def test_synops_against_plain_loops() -> None:
    """Every spike counted at every synapse it reaches, one by one."""
    torch.manual_seed(0)
    weight = torch.randn(3, 2, 3, 3)
    lif = LIFOp(num_timesteps=2, decay=0.5, v_threshold=0.5)
    ops = {
        "repeat": RepeatTimeOp(num_timesteps=2),
        "neuron": lif,
        "conv": Conv2d(weight=weight, stride=(2, 2), padding=(1, 1)),
    }
    nodes = [
        Node("repeat", "repeat_time", (INPUT,)),
        Node("neuron", "lif", ("repeat",)),
        Node("conv", "conv2d", ("neuron",)),
    ]
    images = torch.rand(2, 2, 5, 5)
    spikes = FoldedNet(nodes, ops).trace(images).spikes["neuron"]
    count = 0
    for _, _, row, column in spikes.nonzero().tolist():
        for dy in range(3):
            for dx in range(3):
                y, x = row + 1 - dy, column + 1 - dx
                inside = y in range(6) and x in range(6)
                if inside and y % 2 == 0 and x % 2 == 0:
                    count += 3
    cost = measure(FoldedNet(nodes, ops), images)
    assert cost.synops == count / 2
    assert cost.macs == 0
    assert cost.firing_rate == spikes.double().mean()


def test_the_image_costs_macs_once_and_not_per_time_step() -> None:
    spec = RunSpec(width=4)
    cost = measure(
        fold(lively_network(spec), sample_images(spec, 1)).float(), sample_images(spec, 3)
    )
    by_layer = {layer.layer: layer for layer in cost.layers}
    inner, edge, corner = 36 * 9, 24 * 6, 4 * 4
    assert by_layer["encode.1"].macs == 4 * (inner + edge + corner)
    assert by_layer["stage2.0"].macs == 0
    assert by_layer["stage2.0"].synops > 0


def test_granularities_of_equal_spikes_cost_equal_synops() -> None:
    """Unshared kernels over a composed pool reach the same synapses as shared ones behind it."""
    layer, element = (
        lively_network(RunSpec(width=4, granularity=g), amplitude_mean=1.0)
        for g in ("layer", "element")
    )
    for network in (layer, element):
        for name, parameter in network.named_parameters():
            if name.endswith("value"):
                parameter.data.fill_(1.0)
    state = layer.state_dict()
    element.load_state_dict(
        {k: v for k, v in state.items() if not k.endswith("value")}, strict=False
    )
    images = sample_images(RunSpec(), 6)
    folded = [fold(network, images[:1]).float() for network in (layer, element)]
    costs = [measure(net, images) for net in (*folded, folded[1].materialize(limit_bytes=2**30))]
    assert costs[0].synops == costs[1].synops == costs[2].synops


def test_energy_is_the_table_times_the_counts() -> None:
    assert energy_estimate(macs=10, synops=100) == 10 * 4.6 + 100 * 0.9


def test_linear_fan_out() -> None:
    assert fan_out(Linear(weight=torch.randn(7, 3)), torch.zeros(1, 3)).tolist() == [[7, 7, 7]]


def chain(*layers: Op, join: Op | None = None) -> FoldedNet:
    """Image, T = 2, ternary spikes, then the layers; `join` is given the spikes twice first."""
    ops: dict[str, Op] = {
        "repeat": RepeatTimeOp(num_timesteps=2),
        "neuron": LIFOp(num_timesteps=2, decay=0.5, v_threshold=0.4, spike="ternary"),
    }
    nodes = [Node("repeat", "repeat_time", (INPUT,)), Node("neuron", "lif", ("repeat",))]
    if join is not None:
        ops["join"] = join
        nodes.append(Node("join", join.op, ("neuron", "neuron")))
    for index, op in enumerate(layers):
        ops[f"layer{index}"] = op
        nodes.append(Node(f"layer{index}", op.op, (nodes[-1].name,)))
    return FoldedNet(nodes, ops)


def naive_synops(spikes: Tensor, kernel: int, stride: int, outputs: int) -> int:
    """Each spike [B, C, H, W] (a count of them) at each window [kernel x kernel] that sees it."""
    total = 0
    _, _, height, width = spikes.shape
    for top, left in itertools.product(
        range(0, height - kernel + 1, stride), range(0, width - kernel + 1, stride)
    ):
        total += int(spikes[..., top : top + kernel, left : left + kernel].sum()) * outputs
    return total


CONV = Conv2d(weight=torch.randn(3, 2, 2, 2))


def test_spikes_of_either_sign_count() -> None:
    inputs = torch.randn(3, 2, 5, 5)
    net = chain(CONV)
    spikes = net.trace(inputs).spikes["neuron"]
    assert spikes.min() == -1
    assert measure(net, inputs).synops * 3 == naive_synops(spikes.abs(), 2, 1, 3)
    assert measure(net, inputs).firing_rate == pytest.approx(float(spikes.abs().mean()))


def test_spikes_of_opposite_sign_do_not_cancel_in_a_pool() -> None:
    inputs = torch.randn(3, 2, 6, 6)
    net = chain(AveragePool2d(kernel=(2, 2), stride=(2, 2)), CONV)
    spikes = net.trace(inputs).spikes["neuron"].abs()
    pooled = spikes.unflatten(3, (3, 2)).sum(4).unflatten(2, (3, 2)).sum(3)
    assert measure(net, inputs).synops * 3 == naive_synops(pooled, 2, 1, 3)


def test_a_max_pool_and_a_product_send_spikes_of_their_own() -> None:
    inputs = torch.randn(3, 2, 5, 5)
    pool = MaxPool2d(kernel=(2, 2), stride=(1, 1), padding=(0, 0))
    for net in (chain(pool, CONV), chain(CONV, join=And())):
        before = net.nodes[-1].inputs[0]
        sent = net.trace(inputs, keep_values=True).values[before].abs()
        assert measure(net, inputs).synops * 3 == naive_synops(sent, 2, 1, 3)


def test_summed_spikes_count_one_by_one() -> None:
    inputs = torch.randn(3, 2, 5, 5)
    assert (
        measure(chain(CONV, join=Add()), inputs).synops == 2 * measure(chain(CONV), inputs).synops
    )


def test_a_max_pool_over_averages_is_analog() -> None:
    inputs = torch.randn(3, 2, 6, 6)
    pools = (
        AveragePool2d(kernel=(2, 2), stride=(2, 2)),
        MaxPool2d(kernel=(2, 2), stride=(1, 1), padding=(0, 0)),
    )
    cost = measure(chain(*pools, CONV), inputs)
    assert cost.synops == 0
    assert cost.macs == 2 * 2 * 4 * 3


def test_event_frames_are_analog_at_every_step() -> None:
    spec = RunSpec(dataset="n-mnist", network="cifarnet", width=2, num_timesteps=3)
    inputs = sample_images(spec, 2)
    cost = measure(fold(lively_network(spec), inputs[:1]).float(), inputs)
    first = cost.layers[0]
    assert (
        first.macs
        == 3 * fan_out(Conv2d(weight=torch.ones(2, 2, 3, 3), padding=(1, 1)), inputs[:1, 0]).sum()
    )
    assert first.synops == 0


def test_a_chunk_of_samples_more_or_less_changes_no_mean() -> None:
    inputs = torch.randn(40, 2, 5, 5)
    net = chain(CONV)
    whole, parts = measure(net, inputs), [measure(net, part) for part in inputs.split(10)]
    assert whole.synops == pytest.approx(sum(part.synops for part in parts) / 4)


def test_before_folding_real_valued_spikes_multiply_and_binary_ones_add() -> None:
    for granularity in ("binary", "channel"):
        spec = RunSpec(width=2, granularity=granularity)
        network, inputs = lively_network(spec), sample_images(spec, 4)
        after = measure(fold(network, inputs[:1]).float(), inputs)
        before = before_folding(after, network, inputs)
        if granularity == "binary":
            assert before == after
        else:
            assert (before.macs, before.synops) == (after.macs + after.synops, 0)


class HalfScaled(torch.nn.Module):
    """Two neuron layers of which only the second has an amplitude."""

    def __init__(self) -> None:
        super().__init__()
        scaled = lively_network(RunSpec(width=2))
        self.encode, self.first = scaled.encode, scaled.stage1[0]
        self.conv = torch.nn.Conv2d(2, 2, 1)
        torch.nn.init.constant_(self.conv.bias, 0.6)
        self.second = torch.nn.Sequential(*list(scaled.stage1)[:2])
        self.flat, self.linear = torch.nn.Flatten(), torch.nn.Linear(128, 3)
        self.mean = scaled.readout[-1]

    def forward(self, x: Tensor) -> Tensor:
        spikes = self.second(self.conv(self.first(self.encode(x))))
        return self.mean(self.linear(self.flat(spikes)))


def test_each_layer_is_judged_by_its_own_input() -> None:
    network, inputs = HalfScaled().eval(), torch.rand(4, 1, 8, 8)
    after = measure(fold(network, inputs[:1]).float(), inputs)
    before = {layer.layer: layer for layer in before_folding(after, network, inputs).layers}
    assert before["conv"].synops > 0
    assert before["linear"].synops == 0
    assert before["linear"].macs > 0


def test_synops_are_those_of_spikingjellys_counter() -> None:
    if not (PEERS / "installed").exists():
        pytest.skip("SpikingJelly's environment is not there: make bench installs it")
    found = run_json("tests.support.spikingjelly_synops", python=PEERS / "bin" / "python")
    assert found["ours"] == found["spikingjelly"] > 0


class Unknown(Op):
    op = "unknown"

    def forward(self, x: Tensor) -> Tensor:
        return x


def test_a_primitive_without_a_rule_is_not_counted_silently() -> None:
    with pytest.raises(TypeError, match="no rule counts the spikes behind unknown"):
        measure(chain(Unknown()), torch.rand(1, 2, 3, 3))
