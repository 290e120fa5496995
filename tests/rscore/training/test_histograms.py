from __future__ import annotations

import pytest
import torch
from torch import nn

from rscore.amplitude import Amplitude
from rscore.neurons import LIF
from rscore.training import histograms
from rscore.training.histograms import amplitude_histograms, histogram, membrane_histogram


def test_counts_are_those_of_torchs_histogram() -> None:
    torch.manual_seed(0)
    values = torch.randn(7, 5, 11)
    found = histogram(values, 9)
    assert found is not None
    expected, edges = torch.histogram(values.flatten(), 9)
    assert found.counts == tuple(int(count) for count in expected.tolist())
    assert (found.low, found.high) == (edges[0].item(), edges[-1].item())


def test_one_value_stands_in_the_middle_of_a_bin_range_of_one() -> None:
    assert histogram(torch.tensor([2.0]), 4) == (1.5, 2.5, (0, 0, 1, 0))


def test_what_is_not_finite_is_left_out() -> None:
    nan, infinity = float("nan"), float("inf")
    assert histogram(torch.tensor([nan, 0.0, infinity, 1.0, -infinity]), 2) == (0.0, 1.0, (1, 1))
    assert histogram(torch.tensor([nan, infinity])) is None
    assert histogram(torch.zeros(0)) is None


def test_amplitudes_are_those_in_force() -> None:
    network = nn.Sequential(Amplitude("channel", (3, 2, 2), "positive"), nn.Identity())
    nn.init.constant_(network.get_parameter("0.value"), -4.0)
    (found,) = amplitude_histograms(network).items()
    assert found == ("amplitude/0", histogram(torch.full((3,), 4.0)))
    assert amplitude_histograms(nn.Linear(2, 2)) == {}


def test_membrane_before_reset_of_the_first_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    neuron = LIF(num_timesteps=2, decay=0.5, v_threshold=1.0)
    currents = torch.tensor([0.8, 2.0, 0.4, 7.0, 0.1, 0.2, 0.3, 7.0]).view(8, 1)
    # Two steps of four samples; u[1] = 0.5 u[0] + x[1], or x[1] after a spike.
    membranes = torch.tensor([0.8, 2.0, 0.4, 7.0, 0.5, 0.2, 0.5, 7.0])
    assert membrane_histogram(neuron, currents) == histogram(membranes)
    monkeypatch.setattr(histograms, "MEMBRANE_VALUES", 7)
    assert membrane_histogram(neuron, currents) == histogram(
        torch.tensor([0.8, 2.0, 0.4, 0.5, 0.2, 0.5])
    )
