"""Folded network as a torch.export program: one .pt2 file, T inside, dynamic batch.

torch's reader of such files executes what a crafted one tells it to (it parses shapes as Python
expressions and falls back to pickle), so load only a file that you trust. What is written here
holds tensors as raw bytes; the one pickle in it is torch's list of example inputs.
"""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from rscore.errors import ExportError
from rscore.export.parity import Parity, Reference, compare, in_chunks
from rscore.folding.net import FoldedNet

ABOUT = "realspike.json"
"""Name of the extra file in the archive that holds `about`."""


@torch.no_grad()
def save(folded: FoldedNet, path: Path, example: Tensor, *, about: dict[str, Any]) -> None:
    """Writes the file; samples [N, ...] to logits [N, K].

    Args:
        folded: float32.
        path: where.
        example: one sample of the right shape or more; only their shape matters.
        about: JSON values stored beside the program.
    """
    pair = torch.zeros(2, *example.shape[1:])
    program = torch.export.export(
        folded.eval(), (pair,), dynamic_shapes=({0: torch.export.Dim("N")},)
    )
    for node in program.graph.nodes:
        node.meta.pop("stack_trace", None)  # paths of this machine
    torch.export.save(program, path, extra_files={ABOUT: json.dumps(about)})


def metadata(path: Path) -> dict[str, Any]:
    """The JSON values that `about` held; the program is not loaded.

    Raises:
        ExportError: if the file is no such archive.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            name = next(name for name in archive.namelist() if name.endswith(f"/{ABOUT}"))
            found: dict[str, Any] = json.loads(archive.read(name))
    except (zipfile.BadZipFile, StopIteration, ValueError) as error:
        raise ExportError(f"{path.name} is not a .pt2 file of a folded network") from error
    return found


def check(path: Path, inputs: Tensor, reference: Reference) -> Parity:
    """Parity of the file, loaded and run by torch, with the folded network."""
    program = torch.export.load(path).module()
    return compare(
        kind="pt2",
        path=path,
        runtime=f"torch.export {torch.__version__}",
        logits=in_chunks(program, inputs),
        reference=reference,
        notes=("torch.export.load executes the file: load it only if you trust its source",),
    )
