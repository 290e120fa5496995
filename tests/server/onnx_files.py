"""Small ONNX files with the interface of exported models."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper


def linear_model(weights: NDArray[np.float32], *, counted: str | None = None) -> bytes:
    """A model whose logits are the flattened samples times `weights` [C*H*W, K].

    The spikes of a layer `counted` are how many values of a sample are not zero.
    """
    nodes = [
        helper.make_node("Flatten", ["images"], ["flat"]),
        helper.make_node("MatMul", ["flat", "weights"], ["logits"]),
    ]
    outputs = [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", weights.shape[1]])]
    if counted is not None:
        nodes += [
            helper.make_node("Sign", ["flat"], ["signs"]),
            helper.make_node("Cast", ["signs"], ["ones"], to=TensorProto.INT64),
            helper.make_node("ReduceSum", ["ones", "axes"], [f"spikes/{counted}"], keepdims=0),
        ]
        outputs += [helper.make_tensor_value_info(f"spikes/{counted}", TensorProto.INT64, ["N"])]
    graph = helper.make_graph(
        nodes,
        "linear",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, None)],
        outputs,
        [
            numpy_helper.from_array(weights, "weights"),
            numpy_helper.from_array(np.array([1]), "axes"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    return bytes(model.SerializeToString())
