"""Folded network as one ONNX file: T inside, dynamic batch, images in and logits out."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import warnings
from pathlib import Path
from typing import Any

import onnx
import onnxruntime
import torch
from torch import Tensor

from rscore.export.parity import Parity, compare
from rscore.folding.net import FoldedNet

INPUT, OUTPUT = "images", "logits"


def save(folded: FoldedNet, path: Path, example: Tensor, *, about: dict[str, Any]) -> None:
    """Writes the file; input "images" [N, C, H, W] in [0, 1], output "logits" [N, K].

    Args:
        folded: float32.
        path: where.
        example: two images of the right shape or more; only their shape matters.
        about: JSON values stored as the model's metadata.
    """
    pair = example[:1].repeat(2, 1, 1, 1)
    exporter_log = logging.getLogger("torch.onnx")
    level = exporter_log.level
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        exporter_log.setLevel(logging.ERROR)
        try:
            program = torch.onnx.export(
                folded.eval(),
                (pair,),
                dynamo=True,
                dynamic_shapes=({0: torch.export.Dim("N")},),
                input_names=[INPUT],
                output_names=[OUTPUT],
                verbose=False,
            )
        finally:
            exporter_log.setLevel(level)
    if program is None:
        raise RuntimeError("torch.onnx.export gave no program")
    model = program.model_proto
    for key, value in about.items():
        model.metadata_props.add(key=key, value=json.dumps(value))
    onnx.checker.check_model(model)
    onnx.save(model, path)


def run(path: Path, images: Tensor, chunk: int = 64) -> Tensor:
    """Logits [N, K] of images by ONNX Runtime on the CPU."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    outputs = [session.run([OUTPUT], {INPUT: part.numpy()})[0] for part in images.split(chunk)]
    return torch.cat([torch.from_numpy(output) for output in outputs])


def check(path: Path, images: Tensor, reference: Tensor) -> Parity:
    """Parity of the file, run by ONNX Runtime, with the folded network's logits [N, K]."""
    return compare(
        kind="onnx",
        path=path,
        runtime=f"onnxruntime {onnxruntime.__version__}",
        logits=run(path, images),
        reference=reference,
    )
