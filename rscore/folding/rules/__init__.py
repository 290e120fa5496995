"""Folding rules: which module is folded how. One file per family; what has no rule is refused."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from torch import nn

from rscore.amplitude import Amplitude
from rscore.folding.rules.encoding import flatten_time, normalize, repeat_time, time_mean
from rscore.folding.rules.functions import FUNCTIONS, METHODS, Rule
from rscore.folding.rules.joins import connect
from rscore.folding.rules.neuron import lif, membrane_norm_lif
from rscore.folding.rules.norm import batchnorm
from rscore.folding.rules.pool import adaptive_average_pool, average_pool, max_pool
from rscore.folding.rules.scale import amplitude
from rscore.folding.rules.shape import reshape
from rscore.folding.rules.step import Step
from rscore.folding.rules.synapse import conv, linear
from rscore.membrane_norm import MembraneNormLIF
from rscore.networks.layers import Connect, FlattenTime, Normalize, RepeatTime, TimeMean
from rscore.neurons import LIF

RULES: Mapping[type[nn.Module], Rule] = MappingProxyType(
    {
        Normalize: normalize,
        RepeatTime: repeat_time,
        TimeMean: time_mean,
        FlattenTime: flatten_time,
        nn.Conv2d: conv,
        nn.Linear: linear,
        nn.BatchNorm2d: batchnorm,
        nn.BatchNorm1d: batchnorm,
        LIF: lif,
        MembraneNormLIF: membrane_norm_lif,
        Connect: connect,
        Amplitude: amplitude,
        nn.AvgPool2d: average_pool,
        nn.AdaptiveAvgPool2d: adaptive_average_pool,
        nn.MaxPool2d: max_pool,
        nn.Flatten: reshape,
    }
)
"""Rule of each module type; subclasses are not guessed at."""

__all__ = ["FUNCTIONS", "METHODS", "RULES", "Rule", "Step"]
