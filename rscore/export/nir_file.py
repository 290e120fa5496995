"""Folded network in the Neuromorphic Intermediate Representation: one HDF5 file.

A NIR graph is what happens in one time step. So the file holds the network without its time
repeat and without its mean over time: give it the same image, or the step's frame, at every one of
the T steps, and average its output. Source of the primitives and their equations: Pedersen et al.,
Neuromorphic intermediate representation, Nature Communications 2024 (arXiv 2311.14641).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nir
import numpy as np
import torch
from torch import Tensor

from rscore.errors import ExportError
from rscore.export import nir_runtime
from rscore.export.nir_ops import DT, TRANSLATORS, GraphBuilder, Sources, Step
from rscore.export.parity import Parity, Reference, compare
from rscore.folding.net import INPUT, FoldedNet
from rscore.folding.ops import FlattenTimeOp, LIFOp

OUTPUT = "output"

NOTES = (
    f"one graph is one time step of dt = {DT:g} s: give it the sample at each of the T steps and "
    "average its outputs over them",
    "a decay d is tau = dt / (1 - d) with r = 1 / (1 - d), exact for a forward Euler step",
    "thresholds are the float32 below ours, for NIR fires where v > v_threshold and we where "
    "u >= v_threshold; a reader that fires at equality differs where u is exactly that float",
    "the normalisation of the input is a 1x1 convolution, x / std + (-mean / std), which rounds "
    "differently",
)
"""How the file's dynamics relate to the folded network's; they stand in the certificate."""


@torch.no_grad()
def graph_of(folded: FoldedNet, example: Tensor, *, about: dict[str, Any]) -> nir.NIRGraph:
    """What `save` writes."""
    traced = folded.trace(example[:1], keep_values=True).values
    shapes = {name: tuple(value.shape[1:]) for name, value in traced.items()}
    frames = any(node.op == FlattenTimeOp.op for node in folded.nodes)
    sample = tuple(example.shape[2:] if frames else example.shape[1:])
    shapes[INPUT] = sample
    graph = GraphBuilder(nodes={INPUT: nir.Input(input_type={"input": np.array(sample)})})
    values: dict[str, Sources] = {INPUT: (INPUT,)}
    for node in folded.nodes:
        translate = TRANSLATORS.get(node.op)
        if translate is None:
            raise ExportError(f"NIR cannot express {node.name}: it has no {node.op}")
        step = Step(
            graph,
            node.name,
            folded.op(node.name),
            tuple(values[name] for name in node.inputs),
            shapes[node.inputs[0]],
        )
        values[node.name] = translate(step)
    last = folded.nodes[-1].name
    shape, sources = {"input": np.array(shapes[last])}, values[last]
    if len(sources) > 1:  # readers sum the edges into any node but the output
        sources = graph.add("sum", nir.Flatten(input_type=shape, start_dim=0), sources)
    graph.add(OUTPUT, nir.Output(output_type={"output": shape["input"]}), sources)
    steps = {op.num_timesteps for op in folded.ops.values() if isinstance(op, LIFOp)}
    metadata = {"num_timesteps": max(steps), "dt": DT, "frames": frames} | about
    return nir.NIRGraph(nodes=graph.nodes, edges=graph.edges, metadata=metadata)


def save(folded: FoldedNet, path: Path, example: Tensor, *, about: dict[str, str]) -> None:
    """Writes the file.

    Args:
        folded: float32.
        path: where.
        example: one sample of the right shape or more; only their shape matters.
        about: texts stored as the graph's metadata, beside num_timesteps, dt and frames.

    Raises:
        ExportError: if NIR has no primitive for a layer: max pools, kernels that are not shared,
            products of spikes, ternary spikes, soft reset.
    """
    nir.write(path, graph_of(folded, example, about=about))


def metadata(path: Path) -> dict[str, Any]:
    """The metadata of the file's graph."""
    found: dict[str, Any] = nir_runtime.load(path).metadata
    return found


def check(path: Path, inputs: Tensor, reference: Reference) -> Parity:
    """Parity of the file, read back and run by NIR's own equations, with the folded network."""
    return compare(
        kind="nir",
        path=path,
        runtime=f"nir {nir.version}, forward Euler",
        logits=nir_runtime.run(path, inputs),
        reference=reference,
        notes=NOTES,
    )
