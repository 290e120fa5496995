"""Folded network as safetensors beside a JSON graph; loads without any training code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from safetensors import safe_open
from safetensors.torch import load_file
from torch import Tensor

from rscore.errors import ExportError
from rscore.export.parity import Parity, Reference, compare, in_chunks
from rscore.folding.net import FoldedNet
from rscore.folding.ops import OPS
from rscore.tensor_files import tensor_bytes

FORMAT = "realspike-folded"
VERSION = 1


def save(folded: FoldedNet, weights: Path, graph: Path, *, about: dict[str, Any]) -> None:
    """Writes the two files.

    Args:
        folded: float32.
        weights: the tensors; texts among `about` are its metadata.
        graph: the graph; `about` (JSON values) says what the network is for.
    """
    texts = {key: value for key, value in about.items() if isinstance(value, str)}
    weights.write_bytes(tensor_bytes(folded.tensors(), texts))
    document = {"format": FORMAT, "version": VERSION, "about": about, "graph": folded.graph()}
    graph.write_text(json.dumps(document, indent=1) + "\n")


def load(weights: Path, graph: Path) -> FoldedNet:
    """The folded network from its two files.

    Raises:
        ExportError: if the graph is not one of ours, or names primitives or tensors that are not
            there.
    """
    document = _read(graph)
    unknown = {node["op"] for node in document["graph"]} - set(OPS)
    if unknown:
        raise ExportError(f"{graph.name} uses unknown primitives: {', '.join(sorted(unknown))}")
    tensors = load_file(weights)
    try:
        return FoldedNet.from_graph(document["graph"], tensors)
    except KeyError as error:
        raise ExportError(f"{weights.name} lacks the tensor {error}") from error


def about(graph: Path) -> dict[str, Any]:
    """What the graph's file says of the network.

    Raises:
        ExportError: if the graph is not one of ours.
    """
    found: dict[str, Any] = _read(graph)["about"]
    return found


def metadata(weights: Path) -> dict[str, str]:
    """The texts beside the tensors of any safetensors file."""
    with safe_open(weights, framework="pt") as file:
        return file.metadata() or {}


def check(weights: Path, graph: Path, inputs: Tensor, reference: Reference) -> Parity:
    """Parity of the stored files, loaded again, with the folded network."""
    return compare(
        kind="safetensors",
        path=weights,
        runtime="rscore",
        logits=in_chunks(load(weights, graph).eval(), inputs),
        reference=reference,
    )


def _read(graph: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(graph.read_text())
    if document.get("format") != FORMAT or document.get("version") != VERSION:
        raise ExportError(f"{graph.name} is not a {FORMAT} graph of version {VERSION}")
    return document
