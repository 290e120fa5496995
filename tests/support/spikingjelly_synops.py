"""Synaptic operations of one network by SpikingJelly's counter and by ours, as JSON.

Runs in the environment of the benchmarks' peers: `python -m tests.support.spikingjelly_synops`.
"""

from __future__ import annotations

import json

import torch
from spikingjelly.activation_based.op_counter import DispatchCounterMode, SynOpCounter

from rscore.cost import measure
from rscore.folding import fold
from rscore.spec import RunSpec
from tests.support.networks import lively_network, sample_images

SPEC = RunSpec(dataset="cifar10", network="cifarnet", width=4, granularity="binary", pooling="max")


def main() -> None:
    """Count both ways.

    SpikingJelly counts layers whose input is binary: hence max pools, and not the linear layer
    behind the global average.
    """
    network, images = lively_network(SPEC), sample_images(SPEC, 4)
    counter = SynOpCounter()
    with torch.no_grad(), DispatchCounterMode([counter]):
        network(images)
    cost = measure(fold(network, images[:1]).float(), images)
    convolutions = sum(layer.synops for layer in cost.layers if "readout" not in layer.layer)
    ours = convolutions * len(images)
    print(json.dumps({"spikingjelly": counter.get_total(), "ours": ours}))  # noqa: T201


if __name__ == "__main__":
    main()
