"""Folding: real-valued spikes into the weights, exactly, with a proof."""

from rscore.folding.fold import fold
from rscore.folding.net import FoldedNet, Trace

__all__ = ["FoldedNet", "Trace", "fold"]
