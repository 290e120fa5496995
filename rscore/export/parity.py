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
class Reference:
    """What an exported file must give, and how far rounding alone may move it."""

    logits: Tensor
    """[N, K] of the folded network in float32."""
    rounding: float = 0.0
    """Median over samples of the largest |Δlogit| between the folded and the trained network, both
    in float32: in a deep network rounding flips a spike of nearly every sample."""
    agreement: float = 1.0
    """Share of samples whose class is the same in those two."""


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
    notes: tuple[str, ...] = ()
    """What a reader of this format has to know to get the same numbers."""


def stored_file(path: Path) -> StoredFile:
    """Size and SHA-256 of a file."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return StoredFile(path.name, path.stat().st_size, digest)


@torch.no_grad()
def make_reference(network: torch.nn.Module, folded: torch.nn.Module, inputs: Tensor) -> Reference:
    """Reference of a fold on `inputs` [N, ...]; both networks in float32 and eval mode."""
    trained, logits = in_chunks(network, inputs), in_chunks(folded, inputs)
    gaps = (trained - logits).abs().amax(1)
    same = (trained.argmax(1) == logits.argmax(1)).double().mean()
    return Reference(logits, float(gaps.median()), float(same))


def compare(
    *,
    kind: str,
    path: Path,
    runtime: str,
    logits: Tensor,
    reference: Reference,
    notes: tuple[str, ...] = (),
) -> Parity:
    """Parity of a file's logits [N, K] with the folded network's.

    A different order of summation may flip a spike whose membrane lies on the threshold, so single
    samples may differ; a wrong file differs on nearly all of them.

    Raises:
        ExportError: if under half of the samples agree to 1e-4, or to thrice what rounding does
            between the trained and the folded network; or if the share of samples that agree in
            class is under 95 % of what it is between those two.
    """
    gaps = (logits - reference.logits).abs().amax(1).nan_to_num(nan=float("inf"))
    parity = Parity(
        format=kind,
        file=path.name,
        runtime=runtime,
        samples=len(gaps),
        agreement=int((logits.argmax(1) == reference.logits.argmax(1)).sum()),
        within_tolerance=int((gaps <= TOLERANCE).sum()),
        max_abs_logit_diff=float(gaps.max()),
        notes=notes,
    )
    allowed = max(TOLERANCE, 3 * reference.rounding)
    close = int((gaps <= allowed).sum())
    if close < len(gaps) / 2 or parity.agreement < 0.95 * reference.agreement * len(gaps):
        raise ExportError(
            f"{path.name} run by {runtime} is not the folded network: {close} of "
            f"{parity.samples} samples agree to {allowed:.1g}, {parity.agreement} in class, logits "
            f"differ by up to {parity.max_abs_logit_diff:.3g}"
        )
    return parity


@torch.no_grad()
def in_chunks(network: torch.nn.Module, inputs: Tensor, chunk: int = 64) -> Tensor:
    """Logits [N, K] of inputs [N, ...], a chunk at a time."""
    return torch.cat([network(part) for part in inputs.split(chunk)])
