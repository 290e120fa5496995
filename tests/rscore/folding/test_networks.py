"""Every network in every form folds spike for spike in float64, or is refused with a reason."""

from __future__ import annotations

import itertools
from typing import Any, get_args

import pytest
import torch

from rscore.folding import fold
from rscore.folding.ops import LIFOp
from rscore.folding.proof import prove
from rscore.spec import Granularity, NetworkName, RunSpec
from tests.support.networks import lively_network, sample_images

GRANULARITIES = get_args(Granularity)
POOLED = ("small-conv", "cifarnet", "vgg16")
FORMS: list[dict[str, Any]] = [
    {"network": network, "pooling": pooling}
    for network in get_args(NetworkName)
    if not network.startswith("sew-")
    for pooling in (("average", "max") if network in POOLED else ("average",))
] + [
    {"network": network, "sew_connect": connect}
    for network in get_args(NetworkName)
    if network.startswith("sew-")
    for connect in ("add", "and", "iand")
]


def assert_folds(spec: RunSpec, samples: int = 4) -> float:
    """Prove the fold of the spec's network; its mean firing rate."""
    network = lively_network(spec)
    images = sample_images(spec, samples)
    folded = fold(network, images[:1])
    proof = prove(network, folded, images)
    assert proof.float64.exact
    trace = folded.trace(images.double())
    allowed = {-1.0, 0.0, 1.0} if spec.spike == "ternary" else {0.0, 1.0}
    for spikes in trace.spikes.values():
        assert set(spikes.unique().tolist()) <= allowed
    rates = [float(spikes.abs().mean()) for spikes in trace.spikes.values()]
    assert sum(isinstance(op, LIFOp) for op in folded.ops.values()) == len(rates)
    return sum(rates) / len(rates)


@pytest.mark.parametrize("granularity", GRANULARITIES)
@pytest.mark.parametrize("form", FORMS, ids=lambda form: "-".join(form.values()))
def test_every_network_granularity_and_pooling(
    form: dict[str, Any], granularity: Granularity
) -> None:
    size = 8 if form["network"] == "small-conv" else 16
    spec = RunSpec(
        dataset="cifar10",
        image_size=size,
        width=4,
        num_timesteps=2,
        v_threshold=0.3,
        granularity=granularity,
        **form,
    )
    assert 0.02 < assert_folds(spec) < 0.98


@pytest.mark.parametrize("granularity", GRANULARITIES)
@pytest.mark.parametrize("network", ["small-conv", "resnet20", "sew-resnet18"])
def test_recordings_of_events(network: NetworkName, granularity: Granularity) -> None:
    spec = RunSpec(
        dataset="n-mnist",
        network=network,
        image_size=17 if network != "small-conv" else 9,
        width=4,
        num_timesteps=3,
        granularity=granularity,
    )
    assert 0.02 < assert_folds(spec) < 0.98


@pytest.mark.parametrize("connect", ["add", "and", "iand"])
def test_the_stem_for_large_images(connect: str) -> None:
    spec = RunSpec(
        dataset="imagenet",
        network="sew-resnet18",
        image_size=64,
        width=2,
        num_timesteps=2,
        sew_connect=connect,
        granularity="element",
    )
    assert_folds(spec, samples=2)


@pytest.mark.parametrize(
    "fields",
    [
        {"reset": "soft"},
        {"spike": "ternary"},
        {"spike": "ternary", "reset": "soft", "pooling": "max"},
        {"decay": 1},
        {"learn_decay": True},
        {"detach_reset": True},
        {"membrane_norm": "mpbn"},
        {"membrane_norm": "mpbn", "pooling": "max", "learn_decay": True},
        {"amplitude_constraint": "positive"},
        {"amplitude_constraint": "power-of-two"},
    ],
    ids=str,
)
@pytest.mark.parametrize("granularity", ["channel", "element"])
def test_every_neuron_and_amplitude(fields: dict[str, Any], granularity: Granularity) -> None:
    spec = RunSpec(width=5, num_timesteps=3, granularity=granularity, **fields)
    assert 0.02 < assert_folds(spec, samples=16) < 0.98


def test_ternary_spikes_are_really_ternary() -> None:
    spec = RunSpec(width=5, spike="ternary")
    network = lively_network(spec)
    images = sample_images(spec, 8)
    spikes = fold(network, images[:1]).trace(images.double()).spikes.values()
    assert {-1.0, 0.0, 1.0} == {value for layer in spikes for value in layer.unique().tolist()}


@pytest.mark.parametrize("granularity", ["layer", "channel", "element"])
def test_powers_of_two_meet_no_batchnorm_and_fold_bit_for_bit(granularity: Granularity) -> None:
    """The amplitude alone rounds nothing; BatchNorm's factor is what rounds in float32."""
    spec = RunSpec(width=5, granularity=granularity, amplitude_constraint="power-of-two")
    network = lively_network(spec)
    for name, module in list(network.named_modules()):
        if isinstance(module, torch.nn.BatchNorm2d):
            parent, _, child = name.rpartition(".")
            setattr(network.get_submodule(parent), child, torch.nn.Identity().eval())
    images = sample_images(spec, 16)
    folded = fold(network, images[:1]).float()
    with torch.no_grad():
        assert torch.equal(folded(images), network(images))


def test_names_of_forms_are_complete() -> None:
    networks = {form["network"] for form in FORMS}
    assert networks == set(get_args(NetworkName))
    assert len(FORMS) == len({tuple(itertools.chain(*form.items())) for form in FORMS})
