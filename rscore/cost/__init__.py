"""What one inference costs, counted on real samples: SynOps, MACs, firing rates, per layer.

Counted are the operations at synapses, borders included: convolutions, linear layers and the
diagonal synapses of identity shortcuts. Not counted, before or after folding: BatchNorm, biases,
sums of currents, pools and the neurons' own updates. Energy is an estimate from the counts.
"""

from rscore.cost.counts import AC_PICOJOULE, MAC_PICOJOULE, Cost, LayerCost, energy_estimate
from rscore.cost.folded import fan_out, measure
from rscore.cost.trained import before_folding

__all__ = [
    "AC_PICOJOULE",
    "MAC_PICOJOULE",
    "Cost",
    "LayerCost",
    "before_folding",
    "energy_estimate",
    "fan_out",
    "measure",
]
