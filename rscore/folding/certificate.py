"""The certificate: the proof with the cost, and the exported files' parity, as one JSON document.

Its proof part has a digest, and every file carries that digest. The files are named in the
certificate by their own SHA-256, so certificate and files point at each other without a cycle:
the proof part says nothing of files, only of the networks, by digests of their tensors and graph.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn

from rscore.amplitude import Amplitude
from rscore.cost import (
    AC_PICOJOULE,
    MAC_PICOJOULE,
    Cost,
    before_folding,
    energy_estimate,
    measure,
)
from rscore.export.digests import json_digest, tensors_digest
from rscore.export.parity import Parity, StoredFile
from rscore.folding.net import FoldedNet
from rscore.folding.ops import FactoredConv2d, UnsharedConv2d
from rscore.folding.proof import Proof
from rscore.spec import RunSpec

VERSION = 3

PROOF_KEYS = (
    "verdict",
    "samples",
    "data",
    "spec_digest",
    "granularity",
    "amplitudes",
    "alphabet",
    "networks",
    "float64",
    "float32",
    "cost",
)
"""What `proof_digest` covers."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a certificate is about, beside the networks themselves."""

    name: str
    """Of the network."""
    data: str
    """Where the samples of the proof come from, for a person."""
    classes: tuple[str, ...] = ()
    """Names of the logits, in order; empty if they have none."""
    spec: RunSpec | None = None
    """What was trained; None for a network that no specification builds."""

    @classmethod
    def of(cls, spec: RunSpec) -> Subject:
        """The network of a run."""
        data = f"the first test samples of {spec.dataset}"
        return cls(spec.network, data, spec.data.classes, spec)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A format that cannot express this network."""

    format: str
    reason: str


def proof_part(
    *,
    subject: Subject,
    network: nn.Module,
    folded: FoldedNet,
    proof: Proof,
    inputs: Tensor,
    travelling: Tensor,
    counted: Tensor,
) -> dict[str, Any]:
    """What was proved, of which networks, on which samples; PROOF_KEYS are its keys.

    Args:
        subject: what it is about.
        network: the trained network, in eval mode.
        folded: its fold in float32, as exported.
        proof: of this fold.
        inputs: [N, ...], the samples of the proof.
        travelling: the samples that are written beside the model.
        counted: [N, ...], samples on which the cost is counted.
    """
    spec = subject.spec
    amplitudes = _amplitudes(network)
    return {
        "verdict": proof.verdict,
        "samples": proof.samples,
        "data": {
            "description": subject.data,
            "dataset": None if spec is None else spec.dataset,
            "input_shape": list(inputs.shape[1:]),
            "sha256": tensors_digest({"inputs": inputs}),
            "travelling": len(travelling),
            "travelling_sha256": tensors_digest({"inputs": travelling}),
        },
        "spec_digest": None if spec is None else spec.digest(),
        "granularity": _granularity(amplitudes) if spec is None else spec.granularity,
        "amplitudes": amplitudes,
        "alphabet": list(folded.alphabet),
        "networks": network_digests(subject.name, network, folded),
        "float64": asdict(proof.float64) | {"spikes_equal": proof.float64.spikes_equal},
        "float32": asdict(proof.float32),
        "cost": _cost(network, folded, counted),
    }


def proof_digest(document: Mapping[str, Any]) -> str:
    """SHA-256 of a certificate's proof part in canonical JSON."""
    return json_digest({key: document[key] for key in PROOF_KEYS})


def network_digests(name: str, network: nn.Module, folded: FoldedNet) -> dict[str, str]:
    """Digests of the trained tensors, the folded tensors and the folded graph."""
    return {
        "name": name,
        "trained_sha256": tensors_digest(network.state_dict()),
        "folded_sha256": tensors_digest(folded.tensors()),
        "graph_sha256": json_digest(folded.graph()),
    }


def certificate(
    proved: Mapping[str, Any],
    *,
    folded: FoldedNet,
    parities: list[Parity],
    refusals: list[Refusal],
    files: list[StoredFile],
) -> dict[str, Any]:
    """The document that travels with a folded model; see docs/method.md for how to read it.

    Args:
        proved: what `proof_part` gave.
        folded: the fold in float32, as exported.
        parities: one per exported file.
        refusals: formats that cannot express the network.
        files: every file that the certificate speaks of, with its SHA-256.
    """
    return {
        "version": VERSION,
        "proof_digest": proof_digest(proved),
        **proved,
        "torch": torch.__version__,
        "unshared": _unshared(folded),
        "exports": [asdict(parity) for parity in parities],
        "refused": [asdict(refusal) for refusal in refusals],
        "files": [asdict(file) for file in files],
    }


def _cost(network: nn.Module, folded: FoldedNet, counted: Tensor) -> dict[str, Any]:
    after = measure(folded, counted)
    tensors = list(folded.tensors().values())
    return {
        "samples": len(counted),
        "before": _before(network, before_folding(after, network, counted)),
        "after": _side(after, tensors, tensors),
        "energy_table": {
            "process": "45 nm",
            "mac_pj": MAC_PICOJOULE,
            "ac_pj": AC_PICOJOULE,
            "note": "estimate of the arithmetic alone; nothing was measured in hardware",
        },
    }


def _amplitudes(network: nn.Module) -> list[dict[str, Any]]:
    """Each amplitude layer with the constraint that was on it and the range it took."""
    layers = []
    for name, module in network.named_modules():
        if isinstance(module, Amplitude):
            value = module.effective().detach()
            layers.append(
                {
                    "layer": name,
                    "granularity": module.granularity,
                    "constraint": module.constraint,
                    "count": value.numel(),
                    "smallest": float(value.min()),
                    "largest": float(value.max()),
                }
            )
    return layers


def _granularity(amplitudes: list[dict[str, Any]]) -> str:
    kinds = {layer["granularity"] for layer in amplitudes}
    if len(kinds) > 1:
        return "mixed"
    return str(kinds.pop()) if kinds else "binary"


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
    """The trained network: its parameters, and with them the buffers that inference reads."""
    parameters: list[Tensor] = list(network.parameters())
    buffers = [value for value in network.buffers() if value.is_floating_point()]
    return _side(cost, parameters, [*parameters, *buffers])


def _side(cost: Cost, parameters: list[Tensor], stored: list[Tensor]) -> dict[str, Any]:
    return {
        "parameters": sum(value.numel() for value in parameters),
        "bytes": sum(value.numel() * 4 for value in stored),
        "macs": cost.macs,
        "synops": cost.synops,
        "firing_rate": cost.firing_rate,
        "energy_estimate_pj": energy_estimate(macs=cost.macs, synops=cost.synops),
        "layers": [asdict(layer) for layer in cost.layers],
    }
