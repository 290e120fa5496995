from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from rscore.membrane_norm import MembraneNormLIF
from rscore.networks import build_network
from rscore.neurons import LIF
from rscore.objectives.im_loss import im_loss
from rscore.objectives.membranes import MembraneTerm
from rscore.spec import RunSpec
from tests.support.networks import enliven, sample_images

SPEC = RunSpec(width=3, num_timesteps=3)


def network_of(spec: RunSpec) -> nn.Module:
    torch.manual_seed(0)
    network = build_network(spec)
    enliven(network)
    return network.double()


def batch() -> tuple[Tensor, Tensor]:
    torch.manual_seed(1)
    return sample_images(SPEC, 4).double(), torch.arange(4)


def heard(term: MembraneTerm, network: nn.Module) -> tuple[Tensor, Tensor]:
    inputs, labels = batch()
    with term.listener.listening():
        logits = network(inputs)
        return logits, term(inputs, labels, progress=0.0)


@pytest.mark.parametrize("membrane_norm", ["none", "mpbn"])
def test_the_mean_over_the_layers_of_their_own_membranes(membrane_norm: str) -> None:
    network = network_of(SPEC.model_copy(update={"membrane_norm": membrane_norm}))
    currents: list[tuple[LIF, Tensor]] = []
    hooks = [
        neuron.register_forward_hook(lambda lif, inputs, _: currents.append((lif, inputs[0])))
        for neuron in network.modules()
        if isinstance(neuron, LIF)
    ]
    expected_logits = network(batch()[0])
    for hook in hooks:
        hook.remove()
    penalties = [im_loss(lif.membrane_and_spikes(x)[0], lif) for lif, x in currents]
    assert len(penalties) == 2
    logits, found = heard(MembraneTerm(network, im_loss, weight=0.3, compiled=False), network)
    assert torch.allclose(logits, expected_logits, atol=1e-12)
    assert found.item() == pytest.approx(0.3 * sum(p.item() for p in penalties) / 2, rel=1e-9)


def test_its_gradient_reaches_what_makes_the_membranes_and_no_more() -> None:
    network = network_of(SPEC)
    _, found = heard(MembraneTerm(network, im_loss, weight=1.0, compiled=False), network)
    found.backward()
    reached = {name for name, p in network.named_parameters() if p.grad is not None}
    others = {name for name, _ in network.named_parameters()} - reached
    assert others == {"stage2.3.value", "readout.1.weight", "readout.1.bias"}


def test_a_normalised_membrane_moves_its_statistics_once() -> None:
    network = network_of(SPEC.model_copy(update={"membrane_norm": "mpbn"}))
    heard(MembraneTerm(network, im_loss, weight=1.0, compiled=False), network)
    neurons = [m for m in network.modules() if isinstance(m, MembraneNormLIF)]
    assert [int(neuron.norm.num_batches_tracked) for neuron in neurons] == [3, 3]


def test_membranes_are_float32_when_synapses_are_not() -> None:
    kinds: list[torch.dtype] = []

    def penalty(membrane: Tensor, neuron: LIF) -> Tensor:
        kinds.append(membrane.dtype)
        return im_loss(membrane, neuron)

    network = network_of(SPEC).float()
    term = MembraneTerm(network, penalty, weight=1.0, compiled=False)
    neuron = network.get_submodule("stage1.0")
    currents = torch.randn(6, 3, 8, 8).bfloat16()
    expected = neuron(currents)
    with term.listener.listening():
        spikes = neuron(currents)
        assert term.listener.values[0].dtype == torch.float32
    assert kinds == [torch.float32]
    assert spikes.dtype == torch.bfloat16
    assert torch.equal(spikes, expected)
