from __future__ import annotations

import os
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any, get_args

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rscore import data
from rscore.amplitude import Amplitude
from rscore.datasets import DATASETS, DatasetName
from rscore.errors import SpecError
from rscore.membrane_norm import MembraneNormLIF
from rscore.networks import build_network
from rscore.networks.layers import Normalize
from rscore.neurons import LIF
from rscore.spec import FIRST_WIDTHS, POOLING, Granularity, NetworkName, RunSpec, parse_spec
from tests.support.networks import enliven, lively_network, sample_images

# Read before the fixtures take the person's own settings away.
REAL = Path(os.environ.get("REALSPIKE_DATA_DIR", "unset"))
GRANULARITIES = get_args(Granularity)
NETWORKS = get_args(NetworkName)
DATA = {"images": "cifar10", "events": "n-mnist"}
MILLIONS: dict[NetworkName, tuple[DatasetName, float]] = {
    "cifarnet": ("cifar10", 10.9),
    "vgg16": ("cifar10", 14.7),
    "resnet20": ("cifar10", 0.27),
    "resnet19": ("cifar10", 12.6),
    "resnet20-modified": ("cifar10", 11.2),
    "sew-resnet18": ("imagenet", 11.689512),
    "sew-resnet34": ("imagenet", 21.797672),
    "sew-resnet50": ("imagenet", 25.557032),
}


def small(network: NetworkName, kind: str = "images", **fields: Any) -> RunSpec:
    size = fields.pop("image_size", 16)
    return RunSpec(
        dataset=DATA[kind], network=network, image_size=size, width=4, num_timesteps=2, **fields
    )


def amplitude_shapes(network: nn.Module) -> list[tuple[int, ...]]:
    return [tuple(m.value.shape) for m in network.modules() if isinstance(m, Amplitude)]


def outputs_of(network: nn.Module, names: tuple[str, ...], x: Tensor) -> dict[str, list[Tensor]]:
    """What the named modules gave in one forward pass, each as often as it was called."""
    found: dict[str, list[Tensor]] = {name: [] for name in names}

    def keep(name: str, _module: nn.Module, _inputs: object, output: Tensor) -> None:
        found[name].append(output)

    hooks = [
        network.get_submodule(name).register_forward_hook(partial(keep, name)) for name in names
    ]
    network(x)
    for hook in hooks:
        hook.remove()
    return found


@pytest.mark.parametrize("granularity", GRANULARITIES)
@pytest.mark.parametrize("kind", DATA)
@pytest.mark.parametrize("network_name", NETWORKS)
def test_samples_to_logits_and_every_parameter_learns(
    network_name: NetworkName, kind: str, granularity: Granularity
) -> None:
    spec = small(network_name, kind, granularity=granularity)
    torch.manual_seed(0)
    network = build_network(spec)
    enliven(network)
    logits = network(sample_images(spec, 4))
    assert logits.shape == (4, 10)
    F.cross_entropy(logits, torch.arange(4)).backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        assert parameter.grad.any(), f"the gradient of {name} is zero"


@pytest.mark.parametrize("kind", DATA)
@pytest.mark.parametrize("network_name", NETWORKS)
def test_stages_end_in_spikes_of_every_step(network_name: NetworkName, kind: str) -> None:
    spec = small(network_name, kind)
    network = lively_network(spec)
    stages = outputs_of(network, network.stages, sample_images(spec, 3))
    channels, sides = [], [spec.size]
    for (output,) in stages.values():
        rows, width, height, length = output.shape
        assert rows == spec.num_timesteps * 3
        assert height == length
        assert output.any()
        channels.append(width)
        sides.append(height)
    assert len(stages) >= 2
    assert sides == sorted(sides, reverse=True)
    linear = next(module for module in network.modules() if isinstance(module, nn.Linear))
    assert linear.in_features % channels[-1] == 0


@pytest.mark.parametrize("network_name", NETWORKS)
def test_each_module_with_a_name_is_used_once(network_name: NetworkName) -> None:
    """A module used twice would be two layers of one name after folding."""
    spec = small(network_name)
    network = build_network(spec).eval()
    names = tuple(name for name, module in network.named_modules() if not [*module.children()])
    calls = Counter(
        {n: len(c) for n, c in outputs_of(network, names, sample_images(spec, 1)).items()}
    )
    assert set(calls.values()) == {1}, calls.most_common(1)


@pytest.mark.parametrize("kind", DATA)
@pytest.mark.parametrize("network_name", NETWORKS)
def test_a_sample_is_alone_what_it_is_in_a_batch(network_name: NetworkName, kind: str) -> None:
    spec = small(network_name, kind, granularity="element")
    network = lively_network(spec).double()
    samples = sample_images(spec, 3).double()
    with torch.no_grad():
        together = network(samples)
        alone = torch.cat([network(sample[None]) for sample in samples])
        again = network(samples)
    assert torch.allclose(together, alone, atol=1e-9)
    assert torch.equal(together, again)
    assert not torch.allclose(together[0], together[1])


@pytest.mark.parametrize("size", [17, 28, 34])
@pytest.mark.parametrize("network_name", NETWORKS)
def test_any_size_fits(network_name: NetworkName, size: int) -> None:
    for pooling in ("average", "max") if network_name in POOLING else ("average",):
        spec = small(network_name, image_size=size, granularity="element", pooling=pooling)
        assert build_network(spec)(sample_images(spec, 2)).shape == (2, 10)


def test_the_smallest_sizes() -> None:
    spec = RunSpec(image_size=4, width=2)
    assert build_network(spec)(sample_images(spec, 2)).shape == (2, 10)
    for network in NETWORKS:
        if network != "small-conv":
            with pytest.raises(SpecError, match="at least 16x16"):
                parse_spec({"network": network, "dataset": "cifar10", "image_size": 15})


@pytest.mark.parametrize("granularity", ["binary", "element"])
@pytest.mark.parametrize("network_name", NETWORKS)
def test_one_amplitude_behind_each_neuron(
    network_name: NetworkName, granularity: Granularity
) -> None:
    network = build_network(small(network_name, granularity=granularity))
    neurons = sum(isinstance(module, LIF) for module in network.modules())
    assert len(amplitude_shapes(network)) == (0 if granularity == "binary" else neurons)


@pytest.mark.parametrize("network_name", NETWORKS)
def test_fresh_amplitudes_change_nothing(network_name: NetworkName) -> None:
    outputs = []
    for granularity in GRANULARITIES:
        torch.manual_seed(0)
        spec = small(network_name, granularity=granularity)
        network = build_network(spec).eval()
        torch.manual_seed(1)
        outputs.append(network(sample_images(spec, 5)))
    assert all(torch.equal(output, outputs[0]) for output in outputs)


@pytest.mark.parametrize("network_name", MILLIONS)
def test_parameters_are_as_many_as_published(network_name: NetworkName) -> None:
    dataset, millions = MILLIONS[network_name]
    spec = RunSpec(dataset=dataset, network=network_name, granularity="binary")
    with torch.device("meta"):
        network = build_network(spec)
    count = sum(parameter.numel() for parameter in network.parameters())
    exact = network_name.startswith("sew-")
    assert count / 1e6 == pytest.approx(millions, rel=1e-9 if exact else 0.01)


def test_weights_follow_the_random_state() -> None:
    networks = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        networks.append(build_network(RunSpec(width=4)).state_dict())
    first, same, other = networks
    assert all(torch.equal(first[name], same[name]) for name in first)
    assert not torch.equal(first["encode.1.weight"], other["encode.1.weight"])


@pytest.mark.parametrize("network_name", NETWORKS)
def test_neurons_are_those_of_the_spec(network_name: NetworkName) -> None:
    spec = small(network_name, decay=0.5, learn_decay=True, v_threshold=0.7, membrane_norm="mpbn")
    neurons = [m for m in build_network(spec).modules() if isinstance(m, LIF)]
    assert neurons
    for neuron in neurons:
        assert isinstance(neuron, MembraneNormLIF)
        assert neuron.num_timesteps == 2
        assert neuron.decay_value() == 0.5
        assert neuron.decay_logit is not None
        assert neuron.v_threshold == 0.7


def test_every_family_has_a_width() -> None:
    assert set(FIRST_WIDTHS) == set(NETWORKS)


def test_events_enter_as_they_are_and_images_normalised() -> None:
    for name, info in DATASETS.items():
        spec = RunSpec(dataset=name, network="small-conv", width=1, image_size=16)
        normalized = [m for m in build_network(spec).modules() if isinstance(m, Normalize)]
        assert len(normalized) == (info.kind == "images")
        for module in normalized:
            assert module.mean.shape == module.std.shape == (info.channels, 1, 1)


def test_the_guide_names_every_network_and_its_statistics() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "guide" / "networks.md").read_text()
    for name in NETWORKS:
        assert f"| `{name}` |" in guide
    for dataset, info in DATASETS.items():
        if info.kind == "events":
            continue
        network = build_network(RunSpec(dataset=dataset, width=1, image_size=16))
        module = next(m for m in network.modules() if isinstance(m, Normalize))
        for values in (module.mean, module.std):
            digits = 3 if dataset == "imagenet" else 4
            assert ", ".join(f"{value:.{digits}f}" for value in values.flatten().tolist()) in guide


@pytest.mark.parametrize("name", ["digits", "mnist", "fashion-mnist", "kmnist"])
def test_statistics_are_those_of_the_training_pixels(name: DatasetName) -> None:
    reason = data.missing(name, REAL)
    if reason is not None:
        pytest.skip(reason)
    spec = RunSpec(dataset=name, width=1)
    train = data.load(spec, REAL).train
    pixels = train.head(len(train))[0]
    module = next(m for m in build_network(spec).modules() if isinstance(m, Normalize))
    assert float(module.mean) == pytest.approx(float(pixels.mean(dtype=torch.float64)), abs=1e-4)
    assert float(module.std) == pytest.approx(float(pixels.std()), abs=1e-4)
