"""The files of a model against their certificate, and the certificate against itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from rscore.export import folded_files, nir_file, onnx_file, pt2_file, samples_file
from rscore.export.parity import stored_file
from rscore.finish import FILE_NAMES
from rscore.folding.certificate import PROOF_KEYS, VERSION, proof_digest
from rscore.verify.report import Report, require

_OTHER_KEYS = ("proof_digest", "exports", "refused", "files")


def read_certificate(report: Report) -> dict[str, Any] | None:
    """The certificate of the report's folder, or None with the reason in the report."""
    path = report.folder / FILE_NAMES["certificate"]
    if not path.is_file():
        report.note("certificate", "missing", f"there is no {path.name} in {report.folder}")
        return None
    try:
        document: dict[str, Any] = json.loads(path.read_text())
        version = document["version"]
    except (ValueError, KeyError, TypeError):
        report.note("certificate", "failed", f"{path.name} is not a certificate")
        return None
    lacking = [key for key in (*PROOF_KEYS, *_OTHER_KEYS) if key not in document]
    if version != VERSION:
        report.note("certificate", "failed", f"version {version}; this program reads {VERSION}")
    elif lacking:
        report.note("certificate", "failed", f"it lacks {', '.join(lacking)}")
    else:
        return document
    return None


def intact_files(report: Report, document: Mapping[str, Any]) -> dict[str, Path]:
    """Kind to path of the files that are there and are what the certificate says."""
    kinds = {name: kind for kind, name in FILE_NAMES.items()}
    intact = {}
    for listed in document["files"]:
        name = str(listed["name"])
        path = report.folder / Path(name).name
        if not path.is_file():
            report.note(name, "missing", "not in the folder; download the whole model")
        elif stored_file(path).sha256 != listed["sha256"]:
            report.note(name, "failed", "its SHA-256 is not the certificate's; it was not read")
        else:
            report.note(name, "ok", f"SHA-256 {listed['sha256'][:12]}…")
            if name in kinds:
                intact[kinds[name]] = path
    return intact


def consistent(document: Mapping[str, Any], intact: Mapping[str, Path]) -> str:
    """The proof's digest is its own and every file's; the verdict follows from its numbers."""
    digest = proof_digest(document)
    require(digest == document["proof_digest"], "its proof was changed: the digest differs")
    readers: Mapping[str, Callable[[Path], Mapping[str, Any]]] = {
        "weights": folded_files.metadata,
        "folded": folded_files.metadata,
        "graph": folded_files.about,
        "samples": samples_file.metadata,
        "onnx": onnx_file.metadata,
        "nir": nir_file.metadata,
        "pt2": pt2_file.metadata,
    }
    for kind, path in intact.items():
        carried = readers[kind](path).get("proof_digest")
        require(carried == digest, f"{path.name} belongs to another certificate")
    named = {listed["name"] for listed in document["files"]}
    loose = sorted({export["file"] for export in document["exports"]} - named)
    require(not loose, f"it speaks of {', '.join(loose)} without a SHA-256")
    double, single = document["float64"], document["float32"]
    proved = double["mismatches"] == 0 and double["spikes_equal"] and double["binary"]
    require(proved, "its float64 proof is no proof")
    exact = single["agreement"] == single["samples"] == document["samples"]
    implied = "exact" if exact else "bounded"
    require(
        document["verdict"] == implied,
        f"its verdict is {document['verdict']!r}, its numbers say {implied!r}",
    )
    return f"verdict {implied}, carried by {len(intact)} files"
