from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from rscore.amplitude import Amplitude
from rscore.data.samples import TensorSamples
from rscore.neurons import LIF
from rscore.spec import RunSpec
from rscore.training import evaluation
from rscore.training.evaluation import amplitude_metrics, evaluate
from tests.support.networks import lively_network, sample_images

SPEC = RunSpec(width=4, granularity="channel")
IMAGES = sample_images(SPEC, 50)
LABELS = torch.arange(50) % 10


def test_metrics_are_those_of_the_whole_set(monkeypatch: pytest.MonkeyPatch) -> None:
    network = lively_network(SPEC)
    found: dict[str, torch.Tensor] = {}
    handles = [
        module.register_forward_hook(lambda m, i, spikes, name=name: found.update({name: spikes}))
        for name, module in network.named_modules()
        if isinstance(module, LIF)
    ]
    logits = network(IMAGES)
    for handle in handles:
        handle.remove()
    monkeypatch.setattr(evaluation, "CHUNK", 16)
    tested = evaluate(network.train(), TensorSamples(IMAGES, LABELS), interrupted=lambda: False)
    assert tested is not None
    values = tested.metrics
    assert not network.training
    assert values["test_loss"] == pytest.approx(functional.cross_entropy(logits, LABELS).item())
    assert values["test_acc"] == (logits.argmax(1) == LABELS).double().mean().item()
    assert list(found) == ["stage1.0", "stage2.2"]
    rates = [spikes.mean().item() for spikes in found.values()]
    assert values["firing_rate/stage1.0"] == pytest.approx(rates[0])
    assert values["firing_rate/stage2.2"] == pytest.approx(rates[1])
    assert values["firing_rate"] == pytest.approx(sum(rates) / 2)
    assert 0 < values["firing_rate"] < 1
    assert list(tested.histograms) == ["membrane/stage1.0", "membrane/stage2.2"]
    counts = tested.histograms["membrane/stage1.0"].counts
    assert sum(counts) == SPEC.num_timesteps * 16 * 4 * 8 * 8  # the first chunk alone


def test_a_negative_spike_is_a_spike() -> None:
    spec = SPEC.model_copy(update={"spike": "ternary"})
    network = lively_network(spec)
    for module in network.modules():
        if isinstance(module, LIF):
            module.register_forward_hook(lambda m, i, spikes: -spikes)
    tested = evaluate(network, TensorSamples(IMAGES, LABELS), interrupted=lambda: False)
    assert tested is not None
    assert all(tested.metrics[f"firing_rate/{name}"] > 0 for name in ("stage1.0", "stage2.2"))


def test_an_interrupted_evaluation_gives_nothing_and_leaves_no_hook() -> None:
    network = lively_network(SPEC)
    assert evaluate(network, TensorSamples(IMAGES, LABELS), interrupted=lambda: True) is None
    assert not any(module._forward_hooks for module in network.modules())


def test_amplitude_metrics() -> None:
    network = lively_network(SPEC)
    first = next(module for module in network.modules() if isinstance(module, Amplitude))
    with torch.no_grad():
        first.value.copy_(torch.tensor([0.0, 1.0, 2.0, 3.0]).view(4, 1, 1))
    values = amplitude_metrics(network)
    assert values["amplitude_mean/stage1.1"] == 1.5
    assert values["amplitude_std/stage1.1"] == pytest.approx(1.25**0.5)
    assert len(values) == 4
    one = amplitude_metrics(lively_network(RunSpec(width=4, granularity="layer")))
    assert one["amplitude_std/stage1.1"] == 0.0
    assert amplitude_metrics(lively_network(RunSpec(width=4, granularity="binary"))) == {}
