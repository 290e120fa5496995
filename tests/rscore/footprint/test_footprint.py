"""The counts from a spec alone against those of the built network, family by family."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any, get_args

import pytest
import torch
from torch import Tensor, nn

from rscore.cost import measure
from rscore.folding import fold
from rscore.footprint import footprint
from rscore.footprint.families import draw
from rscore.footprint.memory import FLOAT, kept_floats
from rscore.networks import build_network
from rscore.neurons import LIF
from rscore.spec import POOLING, NetworkName, RunSpec
from tests.support.networks import lively_network, sample_images

NETWORKS: tuple[NetworkName, ...] = get_args(NetworkName)
KINDS: list[dict[str, Any]] = [
    {"dataset": "cifar10", "granularity": "channel"},
    {"dataset": "cifar100", "image_size": 17, "granularity": "element", "num_timesteps": 2},
    {
        "dataset": "cifar10-dvs",
        "image_size": 33,
        "granularity": "layer",
        "num_timesteps": 3,
        "learn_decay": True,
        "membrane_norm": "mpbn",
    },
    {"dataset": "imagenet", "image_size": 70, "granularity": "binary", "num_timesteps": 1},
]


def always(_name: str) -> float:
    return 1.0


def specs(network: NetworkName) -> Iterator[RunSpec]:
    """Every kind of data, and each way to pool or to join spikes on the first kind."""
    for width, kind in enumerate(KINDS, 3):
        yield RunSpec(network=network, width=width, **kind)
    if network in POOLING:
        yield RunSpec(network=network, width=2, pooling="max", **KINDS[1])
    if network.startswith("sew-"):
        for join in ("and", "iand"):
            yield RunSpec(network=network, width=2, sew_connect=join, **KINDS[0])


def firing(spec: RunSpec) -> nn.Module:
    """The spec's network with every neuron firing at every step."""
    network = build_network(spec)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.zeros_(module.weight)
            nn.init.constant_(module.bias, 10.0)
            module.num_batches_tracked.fill_(1)
    return network.eval()


@pytest.mark.parametrize("network_name", NETWORKS)
def test_parameters_and_neurons_are_those_of_the_built_network(network_name: NetworkName) -> None:
    for spec in specs(network_name):
        with torch.device("meta"):
            network = build_network(spec)
            samples = torch.empty(1, *spec.input_shape)
        neurons: dict[str, int] = {}

        def count(
            name: str, layer: LIF, neurons: dict[str, int] = neurons
        ) -> torch.utils.hooks.RemovableHandle:
            def hook(module: nn.Module, inputs: tuple[Tensor], spikes: Tensor) -> None:
                neurons[name] = spikes[0].numel()

            return layer.register_forward_hook(hook)

        for name, module in network.named_modules():
            if isinstance(module, LIF):
                count(name, module)
        network.eval()(samples)
        sketch = draw(spec, always)
        assert sketch.neurons == neurons
        assert sketch.parameters == sum(p.numel() for p in network.parameters())


@pytest.mark.parametrize("network_name", NETWORKS)
def test_operations_are_those_that_the_certificate_counts(network_name: NetworkName) -> None:
    """With every neuron firing the counts on real samples have no chance in them."""
    for spec in specs(network_name):
        if spec.membrane_norm == "mpbn" or spec.network == "sew-resnet50":
            continue
        cost = measure(fold(firing(spec), sample_images(spec, 1)).float(), sample_images(spec, 1))
        found = footprint(spec, always)
        assert found.macs == cost.macs
        assert found.synops == pytest.approx(cost.synops, rel=1e-9)


@pytest.mark.parametrize("network_name", ["small-conv", "resnet20", "sew-resnet18"])
def test_measured_rates_give_nearly_the_measured_synops(network_name: NetworkName) -> None:
    """Nearly: a layer's neurons do not all fire alike, and its borders reach fewer synapses."""
    spec = RunSpec(network=network_name, dataset="cifar10", image_size=16, width=4)
    samples = sample_images(spec, 16)
    folded = fold(lively_network(spec), samples[:1]).float()
    rates = {name: float(s.abs().mean()) for name, s in folded.trace(samples).spikes.items()}
    cost = measure(folded, samples)
    found = footprint(spec, lambda name: rates[name])
    assert found.synops == pytest.approx(cost.synops, rel=0.15)


def test_counting_needs_no_torch() -> None:
    code = (
        "import sys; from rscore.footprint import footprint; from rscore.spec import RunSpec; "
        "footprint(RunSpec(), lambda name: 0.1); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"pooling": "max", "granularity": "element"},
        {"network": "vgg16", "dataset": "cifar10", "granularity": "binary"},
        {"network": "resnet20", "dataset": "cifar10"},
        {"network": "resnet20-modified", "dataset": "cifar10"},
        {"network": "sew-resnet18", "dataset": "cifar10", "sew_connect": "and"},
        {"network": "sew-resnet50", "dataset": "cifar10", "granularity": "element"},
    ],
)
def test_the_maps_kept_for_backward_are_those_that_torch_keeps(fields: dict[str, Any]) -> None:
    spec = RunSpec(**({"width": 4, "batch_size": 2} | fields))
    network = build_network(spec).train()
    weights = {each.data_ptr() for each in network.state_dict().values()}
    kept: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        logits = network(sample_images(spec, spec.batch_size))
    assert logits.requires_grad
    found = FLOAT * spec.batch_size * kept_floats(draw(spec, always))
    assert found == pytest.approx(sum(kept.values()), rel=0.03)
