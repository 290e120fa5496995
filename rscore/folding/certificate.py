"""The certificate: the proof, the exported files' parity and the cost, as one JSON document."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import torch
from torch import Tensor, nn

from rscore.amplitude import Amplitude
from rscore.cost import AC_PICOJOULE, MAC_PICOJOULE, Cost, energy_estimate, measure
from rscore.export.parity import Parity, StoredFile
from rscore.folding.net import FoldedNet
from rscore.folding.ops import FactoredConv2d, UnsharedConv2d
from rscore.folding.proof import Proof
from rscore.spec import RunSpec

VERSION = 1


def certificate(
    *,
    spec: RunSpec,
    network: nn.Module,
    folded: FoldedNet,
    proof: Proof,
    parities: list[Parity],
    files: list[StoredFile],
    images: Tensor,
) -> dict[str, Any]:
    """The document that travels with a folded model; see docs/method.md for how to read it.

    Args:
        spec: what was trained.
        network: the trained network, in eval mode.
        folded: its fold in float32, as exported.
        proof: of this fold.
        parities: one per exported file.
        files: every file that the certificate speaks of, with its SHA-256.
        images: [N, C, H, W], the samples of the proof; the cost is counted on them.
    """
    cost = measure(folded, images)
    return {
        "version": VERSION,
        "verdict": proof.verdict,
        "samples": proof.samples,
        "spec_digest": spec.digest(),
        "granularity": spec.granularity,
        "torch": torch.__version__,
        "float64": asdict(proof.float64) | {"spikes_equal": proof.float64.spikes_equal},
        "float32": asdict(proof.float32),
        "unshared": _unshared(folded),
        "exports": [asdict(parity) for parity in parities],
        "cost": {
            "before": _before(network, cost),
            "after": _after(folded, cost),
            "energy_table": {
                "process": "45 nm",
                "mac_pj": MAC_PICOJOULE,
                "ac_pj": AC_PICOJOULE,
                "note": "estimate of the arithmetic alone; nothing was measured in hardware",
            },
        },
        "files": [asdict(file) for file in files],
    }


def _unshared(folded: FoldedNet) -> list[dict[str, Any]]:
    """Layers with one kernel per output position, and whether those are written out."""
    layers = []
    for node in folded.nodes:
        op = folded.op(node.name)
        if isinstance(op, FactoredConv2d):
            size = op.materialized_bytes()
            layers.append({"layer": node.name, "form": "factored", "materialized_bytes": size})
        elif isinstance(op, UnsharedConv2d):
            size = op.weight.numel() * 4
            layers.append({"layer": node.name, "form": "materialized", "materialized_bytes": size})
    return layers


def _before(network: nn.Module, cost: Cost) -> dict[str, Any]:
    """The trained network: a real-valued spike costs a multiplication at every synapse."""
    real_valued = any(isinstance(module, Amplitude) for module in network.modules())
    macs = cost.macs + (cost.synops if real_valued else 0.0)
    synops = 0.0 if real_valued else cost.synops
    tensors = [*network.parameters(), *(b for b in network.buffers() if b.is_floating_point())]
    return {
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
        "bytes": sum(tensor.numel() * 4 for tensor in tensors),
        "macs": macs,
        "synops": synops,
        "firing_rate": cost.firing_rate,
        "energy_estimate_pj": energy_estimate(macs=macs, synops=synops),
    }


def _after(folded: FoldedNet, cost: Cost) -> dict[str, Any]:
    values = folded.tensors().values()
    return {
        "parameters": sum(value.numel() for value in values),
        "bytes": sum(value.numel() * 4 for value in values),
        "macs": cost.macs,
        "synops": cost.synops,
        "firing_rate": cost.firing_rate,
        "energy_estimate_pj": energy_estimate(macs=cost.macs, synops=cost.synops),
        "layers": [asdict(layer) for layer in cost.layers],
    }
