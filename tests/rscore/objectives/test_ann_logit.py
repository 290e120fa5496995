from __future__ import annotations

from typing import get_args

import pytest
import torch
from torch import nn
from torch.nn import functional

from rscore.amplitude import Amplitude
from rscore.networks import build_network
from rscore.networks.layers import RepeatTime
from rscore.neurons import LIF
from rscore.objectives.ann_logit import AnnLogitDistillation, ann_twin
from rscore.objectives.step_logits import divergence
from rscore.spec import NetworkName, RunSpec
from tests.support.networks import sample_images

DATA = {"images": "cifar10", "events": "n-mnist"}


@pytest.mark.parametrize("kind", DATA)
@pytest.mark.parametrize("network", get_args(NetworkName))
def test_the_twin_is_the_network_with_relu(network: NetworkName, kind: str) -> None:
    spec = RunSpec(
        dataset=DATA[kind],
        network=network,
        image_size=16,
        width=2,
        num_timesteps=3,
        sew_connect="iand" if network.startswith("sew-") else "add",
        membrane_norm="mpbn",
        learn_decay=True,
    )
    twin, spiking = ann_twin(spec), build_network(spec)
    kinds = [type(module) for module in twin.modules()]
    neurons = sum(isinstance(module, LIF) for module in spiking.modules())
    assert not {LIF, Amplitude} & set(kinds)
    assert kinds.count(nn.ReLU) == neurons
    assert all(m.num_timesteps == 1 for m in twin.modules() if isinstance(m, RepeatTime))
    logits = twin(sample_images(spec, 4))
    assert logits.shape == (4, 10)
    functional.cross_entropy(logits, torch.arange(4)).backward()
    assert all(parameter.grad is not None for parameter in twin.parameters())
    weights = {n: p.shape for n, p in twin.named_parameters()}
    synapses = {
        name: parameter.shape
        for name, parameter in spiking.named_parameters()
        if not name.endswith(("value", "decay_logit", "norm.weight", "norm.bias"))
    }
    assert weights == synapses


def test_the_frames_of_a_recording_are_one_batch() -> None:
    spec = RunSpec(dataset="n-mnist", width=2, num_timesteps=3)
    twin = ann_twin(spec).eval()
    recordings = sample_images(spec, 2)
    frames = torch.stack([twin(recordings[:, [t] * 3]) for t in range(3)])
    assert torch.allclose(twin(recordings), frames.mean(0), atol=1e-6)


def test_the_formula_and_who_learns_from_whom() -> None:
    spec = RunSpec(
        width=2,
        num_timesteps=3,
        label_smoothing=0.1,
        distillation_weight=0.3,
        distillation_temperature=1.5,
    )
    torch.manual_seed(0)
    network = build_network(spec)
    term = AnnLogitDistillation(spec, network)
    images, labels = sample_images(spec, 4), torch.arange(4)
    with term.listener.listening():
        network(images)
        steps = term.listener.values[0].unflatten(0, (3, 4))
        found = term(images, labels, progress=0.5)
    teacher = term.twin(images)
    learned = functional.cross_entropy(teacher, labels, label_smoothing=0.1)
    expected = learned + 0.3 * divergence(steps, teacher, 1.5)
    assert found.item() == pytest.approx(expected.item(), rel=1e-6)

    found.backward(retain_graph=True)
    found_gradients = [parameter.grad for parameter in term.twin.parameters()]
    plain = torch.autograd.grad(learned, list(term.twin.parameters()))
    for one, other in zip(found_gradients, plain, strict=True):
        assert one is not None
        assert torch.allclose(one, other, atol=1e-6)
    assert all(parameter.grad is not None for parameter in network.parameters())
