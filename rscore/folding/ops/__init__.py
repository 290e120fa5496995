"""Primitives of a folded network: what it may consist of, each with its equation."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from rscore.folding.ops.base import Op, Pair
from rscore.folding.ops.encoding import (
    Flatten,
    FlattenTimeOp,
    NormalizeOp,
    RepeatTimeOp,
    TimeMeanOp,
)
from rscore.folding.ops.joins import Add, And, AndNot, Concatenate
from rscore.folding.ops.neurons import LIFOp, ThresholdLIFOp
from rscore.folding.ops.pools import AveragePool2d, MaxPool2d
from rscore.folding.ops.synapses import Conv2d, Diagonal, Linear
from rscore.folding.ops.unshared import FactoredConv2d, UnsharedConv2d

OPS: Mapping[str, type[Op]] = MappingProxyType(
    {
        kind.op: kind
        for kind in (
            NormalizeOp,
            Conv2d,
            FactoredConv2d,
            UnsharedConv2d,
            Linear,
            Diagonal,
            AveragePool2d,
            MaxPool2d,
            Flatten,
            Add,
            And,
            AndNot,
            Concatenate,
            RepeatTimeOp,
            FlattenTimeOp,
            TimeMeanOp,
            LIFOp,
            ThresholdLIFOp,
        )
    }
)
"""Every primitive by its name in the JSON graph."""

__all__ = [
    "OPS",
    "Add",
    "And",
    "AndNot",
    "AveragePool2d",
    "Concatenate",
    "Conv2d",
    "Diagonal",
    "FactoredConv2d",
    "Flatten",
    "FlattenTimeOp",
    "LIFOp",
    "Linear",
    "MaxPool2d",
    "NormalizeOp",
    "Op",
    "Pair",
    "RepeatTimeOp",
    "ThresholdLIFOp",
    "TimeMeanOp",
    "UnsharedConv2d",
]
