"""The networks of a model, once its files are intact: proved again, and every export run."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from rscore.errors import CertificateError
from rscore.export import folded_files, nir_file, onnx_file, pt2_file, samples_file
from rscore.export.digests import json_digest, tensors_digest
from rscore.export.parity import Parity, Reference, in_chunks, make_reference
from rscore.finish import written_out
from rscore.folding import fold
from rscore.folding.certificate import network_digests
from rscore.folding.net import FoldedNet
from rscore.folding.proof import compare_float32, prove
from rscore.networks import build_network
from rscore.spec import parse_spec
from rscore.verify.report import Report, require

SAME = 1e-6
"""Folding again on another machine may round differently: largest share of a tensor's size."""


class Model:
    """The networks of a folder whose intact files are known."""

    def __init__(
        self, report: Report, document: Mapping[str, Any], intact: Mapping[str, Path]
    ) -> None:
        self._report = report
        self._document = document
        self._files = intact

    def check(self, network: nn.Module | None, *, run_pt2: bool) -> None:
        """Samples, the two networks, the proof and the exports, as far as the files go."""
        report = self._report
        inputs = self._samples()
        folded = self._folded()
        trained = self._trained(network)
        if inputs is None or folded is None:
            report.note("proof", "not run", "it needs samples.json, folded.safetensors and .json")
            return
        if trained is not None:
            report.attempt("proof float64", lambda: self._float64(trained, folded, inputs))
            report.attempt("proof float32", lambda: self._float32(trained, folded, inputs))
        reference = (
            Reference(in_chunks(folded, inputs))
            if trained is None
            else make_reference(trained, folded, inputs)
        )
        for kind, check in (("onnx", onnx_file.check), ("nir", nir_file.check)):
            self._export(kind, check, inputs, reference)
        self._pt2(inputs, reference, run=run_pt2)

    def _samples(self) -> Tensor | None:
        path, data = self._files.get("samples"), self._document["data"]
        if path is None:
            return None

        def examine() -> tuple[Tensor, str]:
            inputs, _ = samples_file.load(path)
            digest = tensors_digest({"inputs": inputs})
            require(digest == data["travelling_sha256"], "not the samples of this certificate")
            used = self._document["samples"]
            return inputs, f"{len(inputs)} of {data['description']}; the proof used {used}"

        return self._report.obtain("samples", examine)

    def _folded(self) -> FoldedNet | None:
        if "folded" not in self._files or "graph" not in self._files:
            return None

        def examine() -> tuple[FoldedNet, str]:
            folded = folded_files.load(self._files["folded"], self._files["graph"]).eval()
            networks = self._document["networks"]
            same = tensors_digest(folded.tensors()) == networks["folded_sha256"]
            require(same, "not the tensors that were certified")
            same = json_digest(_as_json(folded.graph())) == networks["graph_sha256"]
            require(same, "not the graph that was certified")
            emitted = self._document["alphabet"]
            require(list(folded.alphabet) == emitted, "its spikes are other values")
            return folded, f"{len(folded.nodes)} primitives, spikes in {emitted}"

        return self._report.obtain("folded network", examine)

    def _trained(self, given: nn.Module | None) -> nn.Module | None:
        path = self._files.get("weights")
        if path is None:
            reason = "without weights.safetensors the fold cannot be proved again"
            self._report.note("trained network", "not run", reason)
            return None

        def examine() -> tuple[nn.Module, str]:
            tensors = load_file(path)
            same = tensors_digest(tensors) == self._document["networks"]["trained_sha256"]
            require(same, "not the weights that were certified")
            network = copy.deepcopy(given)
            if network is None:
                spec = parse_spec(json.loads(folded_files.metadata(path)["spec"]))
                same = spec.digest() == self._document["spec_digest"]
                require(same, "not the specification that was certified")
                network = build_network(spec)
            network.load_state_dict(tensors)
            name = self._document["networks"]["name"]
            return network.eval(), f"{name} with its certified weights"

        if given is None and "spec" not in folded_files.metadata(path):
            self._report.note(
                "trained network",
                "not run",
                "no specification builds it: pass verify(folder, network=…) to prove it again",
            )
            return None
        return self._report.obtain("trained network", examine)

    def _float64(self, trained: nn.Module, folded: FoldedNet, inputs: Tensor) -> str:
        exact = written_out(fold(trained, inputs[:1]))
        proof = prove(trained, exact, inputs)
        again = exact.float()
        same = network_digests("", trained, again)["graph_sha256"]
        stored = self._document["networks"]["graph_sha256"]
        require(same == stored, "folding the weights again gives another graph")
        gap = _largest_gap(again.tensors(), folded.tensors())
        require(gap <= SAME, f"folding the weights again gives other tensors, by {gap:.1e}")
        double = proof.float64
        return (
            f"{double.mismatches} of {double.spikes} spikes differ, max |Δlogit| "
            f"{double.max_abs_logit_diff:.1e}, on {len(inputs)} samples"
        )

    def _float32(self, trained: nn.Module, folded: FoldedNet, inputs: Tensor) -> str:
        found = compare_float32(trained, folded, inputs)
        agreement = f"{found.agreement} of {len(inputs)} predictions agree"
        proved = len(inputs) <= self._document["samples"]
        claimed = self._document["verdict"] == "exact" and proved
        if claimed and found.agreement < len(inputs):
            raise CertificateError(f"{agreement}, the certificate says all do")
        return agreement

    def _export(
        self,
        kind: str,
        check: Callable[[Path, Tensor, Reference], Parity],
        inputs: Tensor,
        reference: Reference,
    ) -> None:
        refused = {refusal["format"]: refusal["reason"] for refusal in self._document["refused"]}
        what = f"parity {kind}"
        if kind in refused:
            self._report.note(what, "not run", refused[kind])
        elif kind in self._files:
            path = self._files[kind]
            self._report.attempt(what, lambda: _parity(check(path, inputs, reference)))

    def _pt2(self, inputs: Tensor, reference: Reference, *, run: bool) -> None:
        if run or "pt2" not in self._files:
            self._export("pt2", pt2_file.check, inputs, reference)
            return
        reason = "reading a .pt2 can execute code; --run-pt2 if you trust where it came from"
        self._report.note("parity pt2", "not run", reason)


def _parity(parity: Parity) -> str:
    return (
        f"{parity.agreement} of {parity.samples} predictions agree, logits of "
        f"{parity.within_tolerance} to 1e-4; {parity.runtime}"
    )


def _largest_gap(left: Mapping[str, Tensor], right: Mapping[str, Tensor]) -> float:
    """Largest difference between two sets of tensors, as a share of each tensor's largest value."""
    if left.keys() != right.keys():
        return float("inf")
    gaps = [0.0]
    for name, value in left.items():
        size = max(float(value.abs().max()), torch.finfo(torch.float32).tiny)
        gaps.append(float((value - right[name]).abs().max()) / size)
    return max(gaps)


def _as_json(value: Any) -> Any:
    return json.loads(json.dumps(value))
