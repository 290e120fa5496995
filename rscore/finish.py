"""What comes after training: fold, prove, export, certify; all of it or an error, no half model."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from rscore.errors import ExportError
from rscore.export import folded_files, nir_file, onnx_file, pt2_file, samples_file
from rscore.export.parity import Parity, Reference, make_reference, stored_file
from rscore.folding import fold
from rscore.folding.certificate import Refusal, Subject, certificate, proof_digest, proof_part
from rscore.folding.net import FoldedNet
from rscore.folding.proof import prove
from rscore.spec import RunSpec
from rscore.tensor_files import tensor_bytes
from rscore.training import SAMPLES

MATERIALIZE_LIMIT = 64 * 2**20
"""Unshared kernels up to so many bytes are written out; larger ones stay factored."""
PROOF_SAMPLES = 256
"""Samples of a proof where no specification says how many."""
PARITY_SAMPLES = 64
"""Samples of the proof, at most, on which each exported file is run and the cost is counted."""

FILE_NAMES: Mapping[str, str] = {
    "weights": "weights.safetensors",
    "folded": "folded.safetensors",
    "graph": "folded.json",
    "samples": "samples.json",
    "onnx": "folded.onnx",
    "nir": "folded.nir",
    "pt2": "folded.pt2",
    "certificate": "certificate.json",
}
"""Artifact kind to file name."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A folded model with its certificate and its files."""

    verdict: str
    certificate: dict[str, Any]
    files: Mapping[str, Path]
    """Artifact kind to file: weights, folded, graph, samples, certificate, and those of onnx, nir
    and pt2 that can express the network."""


@dataclass(frozen=True, slots=True)
class _Format:
    """One way to export: how it is written and how its own runtime is compared."""

    save: Callable[..., None]
    check: Callable[[Path, Tensor, Reference], Parity]


_FORMATS: Mapping[str, _Format] = {
    "onnx": _Format(onnx_file.save, onnx_file.check),
    "nir": _Format(nir_file.save, nir_file.check),
    "pt2": _Format(pt2_file.save, pt2_file.check),
}


def finish(
    spec: RunSpec, network: nn.Module, images: Tensor, labels: Tensor, outdir: Path
) -> Finished:
    """Folds the trained network of a specification and writes all that a model consists of.

    Args:
        spec: what was trained.
        network: in eval mode, on the CPU, float32.
        images: held-out samples [N, ...] as the network takes them; the first
            `spec.certificate_samples` are the proof's.
        labels: [N], their classes.
        outdir: folder for the files; made if missing.

    Raises:
        FoldError: a layer that cannot be folded exactly.
        CertificateError: the fold does not equal the trained network.
        ExportError: an exported file does not equal the fold.
    """
    return finish_network(
        network, images, labels, outdir, subject=Subject.of(spec), samples=spec.certificate_samples
    )


def finish_network(
    network: nn.Module,
    inputs: Tensor,
    labels: Tensor,
    outdir: Path,
    *,
    subject: Subject,
    samples: int = PROOF_SAMPLES,
) -> Finished:
    """The same for any network that folds; `subject` says what it is.

    Args:
        network: in eval mode, on the CPU, float32.
        inputs: held-out samples [N, ...] as the network takes them.
        labels: [N], their classes.
        outdir: folder for the files; made if missing.
        subject: what the certificate is about.
        samples: the first so many of `inputs` are the proof's.

    Raises:
        FoldError, CertificateError, ExportError: as `finish`.
    """
    outdir.mkdir(parents=True, exist_ok=True)
    proof_inputs = inputs[:samples]
    exact = written_out(fold(network, proof_inputs[:1]))
    proof = prove(network, exact, proof_inputs)
    folded = exact.float()
    count = samples_file.travelling(inputs, SAMPLES)
    proved = proof_part(
        subject=subject,
        network=network,
        folded=folded,
        proof=proof,
        inputs=proof_inputs,
        travelling=inputs[:count],
        counted=proof_inputs[:PARITY_SAMPLES],
    )
    about = {"proof_digest": proof_digest(proved)}
    files = {kind: outdir / FILE_NAMES[kind] for kind in ("weights", "folded", "graph", "samples")}
    _save_weights(network, files["weights"], subject, about)
    described = _about(subject, inputs) | about
    folded_files.save(folded, files["folded"], files["graph"], about=described)
    samples_file.save(files["samples"], inputs[:count], labels[:count], about=about)

    compared = proof_inputs[:PARITY_SAMPLES]
    reference = make_reference(network, folded, compared)
    parities = [folded_files.check(files["folded"], files["graph"], compared, reference)]
    refusals: list[Refusal] = []
    for kind, form in _FORMATS.items():
        path = outdir / FILE_NAMES[kind]
        try:
            form.save(folded, path, compared, about=about)
        except ExportError as error:
            refusals.append(Refusal(kind, str(error)))
            continue
        parities.append(form.check(path, compared, reference))
        files[kind] = path
    document = certificate(
        proved,
        folded=folded,
        parities=parities,
        refusals=refusals,
        files=[stored_file(path) for path in files.values()],
    )
    path = outdir / FILE_NAMES["certificate"]
    path.write_text(json.dumps(document, indent=1) + "\n")
    return Finished(proof.verdict, document, files | {"certificate": path})


def written_out(folded: FoldedNet) -> FoldedNet:
    """Unshared kernels themselves where they are small, (W, a) where they are not."""
    if folded.materialized_bytes() <= MATERIALIZE_LIMIT:
        return folded.materialize(limit_bytes=MATERIALIZE_LIMIT)
    return folded


def _save_weights(
    network: nn.Module, path: Path, subject: Subject, about: Mapping[str, str]
) -> None:
    spec = {} if subject.spec is None else {"spec": subject.spec.model_dump_json()}
    path.write_bytes(tensor_bytes(network.state_dict(), spec | dict(about)))


def _about(subject: Subject, inputs: Tensor) -> dict[str, Any]:
    spec = subject.spec
    return {
        "network": subject.name,
        "spec": None if spec is None else spec.model_dump(mode="json"),
        "input_shape": list(inputs.shape[1:]),
        "classes": list(subject.classes),
    }
