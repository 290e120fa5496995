"""What comes after training: fold, prove, export, certify; all of it or an error, no half model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors.torch import save_file
from torch import Tensor, nn

from rscore.export import folded_files, onnx_file
from rscore.export.parity import in_chunks, stored_file
from rscore.folding import fold
from rscore.folding.certificate import certificate
from rscore.folding.net import FoldedNet
from rscore.folding.proof import prove
from rscore.spec import RunSpec
from rscore.training import SAMPLES

MATERIALIZE_LIMIT = 64 * 2**20
"""Unshared kernels up to so many bytes are written out; larger ones stay factored."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A folded model with its certificate and its files."""

    verdict: str
    certificate: dict[str, Any]
    files: Mapping[str, Path]
    """Artifact kind to file: weights, folded, graph, onnx, samples, certificate."""


def finish(
    spec: RunSpec, network: nn.Module, images: Tensor, labels: Tensor, outdir: Path
) -> Finished:
    """Folds a trained network and writes everything that a model consists of.

    Args:
        spec: what was trained.
        network: in eval mode, on the CPU, float32.
        images: held-out samples [N, C, H, W] in [0, 1]; the first `spec.certificate_samples` are
            the proof's.
        labels: [N], their classes.
        outdir: folder for the files; made if missing.

    Raises:
        FoldError: a layer that cannot be folded exactly.
        CertificateError: the fold does not equal the trained network.
        ExportError: an exported file does not equal the fold.
    """
    outdir.mkdir(parents=True, exist_ok=True)
    files = {
        "weights": outdir / "weights.safetensors",
        "folded": outdir / "folded.safetensors",
        "graph": outdir / "folded.json",
        "onnx": outdir / "folded.onnx",
        "samples": outdir / "samples.json",
    }
    proof_images = images[: spec.certificate_samples]
    exact = _written_out(fold(network, proof_images[:1]))
    proof = prove(network, exact, proof_images)
    folded = exact.float()
    about = _about(spec)

    save_file(
        {key: value.contiguous() for key, value in network.state_dict().items()},
        files["weights"],
        metadata={"spec": spec.model_dump_json()},
    )
    folded_files.save(folded, files["folded"], files["graph"], about=about)
    onnx_file.save(folded, files["onnx"], proof_images, about=about)
    _save_samples(files["samples"], images[:SAMPLES], labels[:SAMPLES])

    reference = in_chunks(folded, proof_images)
    parities = [
        folded_files.check(files["folded"], files["graph"], proof_images, reference),
        onnx_file.check(files["onnx"], proof_images, reference),
    ]
    document = certificate(
        spec=spec,
        network=network,
        folded=folded,
        proof=proof,
        parities=parities,
        files=[stored_file(path) for path in files.values()],
        images=proof_images,
    )
    path = outdir / "certificate.json"
    path.write_text(json.dumps(document, indent=1) + "\n")
    return Finished(proof.verdict, document, files | {"certificate": path})


def _written_out(folded: FoldedNet) -> FoldedNet:
    """Unshared kernels themselves where they are small, (W, a) where they are not."""
    if folded.materialized_bytes() <= MATERIALIZE_LIMIT:
        return folded.materialize(limit_bytes=MATERIALIZE_LIMIT)
    return folded


def _about(spec: RunSpec) -> dict[str, Any]:
    info = spec.data
    return {
        "spec": spec.model_dump(mode="json"),
        "input_shape": [info.channels, info.size, info.size],
        "classes": list(info.classes),
    }


def _save_samples(path: Path, images: Tensor, labels: Tensor) -> None:
    rounded = [round(value, 6) for value in images.flatten().tolist()]
    document = {
        "inputs": _nested(rounded, tuple(images.shape)),
        "labels": [int(label) for label in labels],
    }
    path.write_text(json.dumps(document) + "\n")


def _nested(values: list[float], shape: tuple[int, ...]) -> list[Any]:
    if len(shape) == 1:
        return values
    size = len(values) // shape[0] if shape[0] else 0
    return [_nested(values[i * size : (i + 1) * size], shape[1:]) for i in range(shape[0])]
