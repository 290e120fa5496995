import torch

from rscore.cost import energy_estimate, fan_out, measure
from rscore.folding import fold
from rscore.folding.net import INPUT, FoldedNet, Node
from rscore.folding.ops import Conv2d, LIFOp, Linear, RepeatTimeOp
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
