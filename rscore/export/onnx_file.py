"""Folded network as one ONNX file: T inside, dynamic batch; logits and spike counts out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper
from torch import Tensor

from rscore.errors import ExportError
from rscore.export.onnx_graph import GraphBuilder, Step, Value
from rscore.export.onnx_neurons import SPIKES, spike_count
from rscore.export.onnx_ops import TRANSLATORS
from rscore.export.parity import Parity, Reference, compare
from rscore.folding.net import INPUT, FoldedNet
from rscore.folding.ops import LIFOp

OUTPUT = "logits"
OPSET = 23


def save(folded: FoldedNet, path: Path, example: Tensor, *, about: dict[str, Any]) -> None:
    """Writes the file.

    Input "images" [N, ...]; output "logits" [N, K], and for each neuron layer "spikes/<layer>"
    [N], int64, how often its neurons fired for each sample. Time is unrolled: every step is
    nodes of its own that share the weights.

    Args:
        folded: float32.
        path: where.
        example: one sample of the right shape or more; only their shape matters.
        about: JSON values stored as the model's metadata.

    Raises:
        ExportError: if the network uses a primitive that has no translation.
    """
    onnx.save(model_of(folded, example, about=about), path)


@torch.no_grad()
def model_of(folded: FoldedNet, example: Tensor, *, about: dict[str, Any]) -> onnx.ModelProto:
    """What `save` writes."""
    traced = folded.trace(example[:1], keep_values=True).values
    shapes = {name: value.shape[1:] for name, value in traced.items()}
    graph = GraphBuilder()
    values: dict[str, Value] = {INPUT: INPUT}
    counts: list[str] = []
    for node in folded.nodes:
        op = folded.op(node.name)
        translate = TRANSLATORS.get(node.op)
        if translate is None:
            raise ExportError(f"ONNX cannot express {node.name}: no translation of {node.op}")
        inputs = tuple(values[name] for name in node.inputs)
        step = Step(graph, node.name, op, inputs, tuple(shapes[name] for name in node.inputs))
        values[node.name] = translate(step)
        if isinstance(op, LIFOp):
            counts.append(spike_count(step, values[node.name], shapes[node.name]))
    logits = values[folded.nodes[-1].name]
    if not isinstance(logits, str):
        raise ExportError("the folded network ends before the mean over its time steps")
    graph.add("Identity", OUTPUT, logits)
    classes = shapes[folded.nodes[-1].name]
    return graph.model(
        inputs=[_tensor(INPUT, TensorProto.FLOAT, "N", *example.shape[1:])],
        outputs=[
            _tensor(OUTPUT, TensorProto.FLOAT, "N", *classes),
            *(_tensor(name, TensorProto.INT64, "N") for name in counts),
        ],
        opset=OPSET,
        about=dict(about),
    )


def _tensor(name: str, kind: int, *shape: str | int) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, shape)


def run(path: Path, images: Tensor, chunk: int = 64) -> tuple[Tensor, dict[str, Tensor]]:
    """Logits [N, K] and per neuron layer the spike counts [N], by ONNX Runtime on the CPU."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    parts = [session.run(names, {INPUT: part.numpy()}) for part in images.split(chunk)]
    outputs = [
        torch.cat([torch.from_numpy(part) for part in each]) for each in zip(*parts, strict=True)
    ]
    by_name = dict(zip(names, outputs, strict=True))
    logits = by_name.pop(OUTPUT)
    return logits, {name.removeprefix(SPIKES): count for name, count in by_name.items()}


def metadata(path: Path) -> dict[str, str]:
    """The texts that `about` held."""
    model = onnx.load(path, load_external_data=False)
    return {entry.key: entry.value for entry in model.metadata_props}


def check(path: Path, images: Tensor, reference: Reference) -> Parity:
    """Parity of the file, run by ONNX Runtime, with the folded network."""
    return compare(
        kind="onnx",
        path=path,
        runtime=f"onnxruntime {onnxruntime.__version__}",
        logits=run(path, images)[0],
        reference=reference,
    )
