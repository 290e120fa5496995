"""Parity of an exported file, run by its own runtime, with the folded network."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from rscore.errors import ExportError

TOLERANCE = 1e-4
"""Logits closer than this are the same but for the order of a sum."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that a certificate speaks of."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Parity:
    """How an exported file compares with the folded network in float32."""

    format: str
    file: str
    runtime: str
    samples: int
    agreement: int
    """Samples whose predicted class is the same."""
    within_tolerance: int
    """Samples whose logits agree to 1e-4; the others hold a spike that rounding flipped."""
    max_abs_logit_diff: float


def stored_file(path: Path) -> StoredFile:
    """Size and SHA-256 of a file."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return StoredFile(path.name, path.stat().st_size, digest)


def compare(*, kind: str, path: Path, runtime: str, logits: Tensor, reference: Tensor) -> Parity:
    """Parity of a file's logits [N, K] with the folded network's.

    A different order of summation may flip a spike whose membrane lies on the threshold, so single
    samples may differ; a wrong file differs on nearly all of them.

    Raises:
        ExportError: if under half of the samples agree to 1e-4 or under 95 % in class.
    """
    gaps = (logits - reference).abs().amax(1).nan_to_num(nan=float("inf"))
    parity = Parity(
        format=kind,
        file=path.name,
        runtime=runtime,
        samples=len(reference),
        agreement=int((logits.argmax(1) == reference.argmax(1)).sum()),
        within_tolerance=int((gaps <= TOLERANCE).sum()),
        max_abs_logit_diff=float(gaps.max()),
    )
    half, most = parity.samples / 2, 0.95 * parity.samples
    if parity.within_tolerance < half or parity.agreement < most:
        raise ExportError(
            f"{path.name} run by {runtime} is not the folded network: {parity.within_tolerance} of "
            f"{parity.samples} samples agree to {TOLERANCE}, {parity.agreement} in class, logits "
            f"differ by up to {parity.max_abs_logit_diff:.3g}"
        )
    return parity


@torch.no_grad()
def in_chunks(network: torch.nn.Module, images: Tensor, chunk: int = 64) -> Tensor:
    """Logits [N, K] of images [N, C, H, W], a chunk at a time."""
    return torch.cat([network(part) for part in images.split(chunk)])
