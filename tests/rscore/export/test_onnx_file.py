from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper
from torch import Tensor

from rscore.errors import ExportError
from rscore.export import onnx_file
from rscore.export.onnx_neurons import heaviside
from rscore.folding import fold
from rscore.folding.net import INPUT, FoldedNet, Node
from rscore.folding.ops import (
    Concatenate,
    Conv2d,
    Flatten,
    LIFOp,
    Linear,
    MaxPool2d,
    Op,
    RepeatTimeOp,
    ThresholdLIFOp,
    TimeMeanOp,
    UnsharedConv2d,
)
from rscore.spec import RunSpec
from tests.support.networks import lively_network, sample_images

SPECS = [
    RunSpec(width=4),
    RunSpec(width=4, granularity="element"),
    RunSpec(width=4, pooling="max"),
    RunSpec(width=4, reset="soft"),
    RunSpec(width=4, spike="ternary"),
    RunSpec(width=4, spike="ternary", reset="soft", v_threshold=0.3),
    RunSpec(width=4, decay=1.0),
    RunSpec(width=4, membrane_norm="mpbn"),
    RunSpec(width=4, dataset="cifar10", network="sew-resnet18"),
    RunSpec(width=4, dataset="cifar10", network="sew-resnet18", sew_connect="iand"),
    RunSpec(width=4, dataset="n-mnist", network="cifarnet"),
]


def run(model: onnx.ModelProto, inputs: Tensor) -> dict[str, np.ndarray]:
    session = onnxruntime.InferenceSession(model.SerializeToString())
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, {INPUT: inputs.numpy()}), strict=True))


@pytest.mark.parametrize(
    "spec", SPECS, ids=lambda spec: str(sorted(spec.model_dump(exclude_defaults=True).items()))
)
def test_logits_and_spike_counts_are_those_of_the_folded_network(spec: RunSpec) -> None:
    inputs = sample_images(spec, 8)
    folded = fold(lively_network(spec), inputs[:1]).float()
    trace = folded.trace(inputs)
    outputs = run(onnx_file.model_of(folded, inputs, about={}), inputs)
    torch.testing.assert_close(
        torch.from_numpy(outputs.pop("logits")), trace.logits, rtol=0, atol=1e-5
    )
    assert set(outputs) == {f"spikes/{layer}" for layer in trace.spikes}
    for layer, spikes in trace.spikes.items():
        per_sample = spikes.abs().unflatten(0, (spec.num_timesteps, -1)).flatten(2).sum((0, 2))
        assert outputs[f"spikes/{layer}"].dtype == np.int64
        assert outputs[f"spikes/{layer}"].tolist() == per_sample.tolist()
        assert per_sample.min() < per_sample.max()


def test_it_is_one_file_with_time_inside_and_any_batch(tmp_path: Path) -> None:
    spec = RunSpec(width=4)
    inputs = sample_images(spec, 5)
    folded = fold(lively_network(spec), inputs[:1]).float()
    path = tmp_path / "folded.onnx"
    onnx_file.save(folded, path, inputs, about={"proof_digest": "abc"})
    assert [file.name for file in tmp_path.iterdir()] == ["folded.onnx"]
    assert onnx_file.metadata(path) == {"proof_digest": "abc"}
    model = onnx.load(path)
    assert [opset.version for opset in model.opset_import] == [onnx_file.OPSET]
    assert not [node for node in model.graph.node if node.op_type in ("Loop", "Scan")]
    for count in (1, 5):
        logits, counts = onnx_file.run(path, inputs[:count])
        assert logits.shape == (count, 10)
        assert all(values.shape == (count,) for values in counts.values())


def unshared_net(groups: int) -> FoldedNet:
    """Every geometry of an unshared layer, beside a max pool that takes the smallest."""
    torch.manual_seed(groups)
    rows, columns = 3, 2
    weight = torch.randn(rows * columns, 4, (4 // groups) * 6)
    ops: dict[str, Op] = {
        "repeat": RepeatTimeOp(num_timesteps=3),
        "neuron": LIFOp(num_timesteps=3, decay=0.5, v_threshold=0.4),
        "unshared": UnsharedConv2d(
            weight=weight,
            bias=torch.randn(4),
            kernel=(2, 3),
            stride=(2, 3),
            padding=(0, 1),
            dilation=(2, 1),
            groups=groups,
            input_size=(7, 6),
        ),
        "second": LIFOp(num_timesteps=3, decay=0.5, v_threshold=0.4),
        "pool": MaxPool2d(
            kernel=(2, 2),
            stride=(1, 1),
            padding=(1, 1),
            negative=torch.tensor([1.0, 0, 0, 1]).view(4, 1, 1),
        ),
        "both": Concatenate(),
        "conv": Conv2d(weight=torch.randn(2, 8, 2, 2)),
        "flat": Flatten(),
        "linear": Linear(weight=torch.randn(5, 2 * 3 * 2)),
        "mean": TimeMeanOp(num_timesteps=3),
    }
    inputs = {"repeat": (INPUT,), "both": ("pool", "pool")}
    names = list(ops)
    nodes = [
        Node(name, ops[name].op, inputs.get(name, (names[index - 1],)))
        for index, name in enumerate(names)
    ]
    return FoldedNet(nodes, ops)


@pytest.mark.parametrize("groups", [1, 2])
def test_unshared_kernels_of_any_geometry(groups: int) -> None:
    folded, inputs = unshared_net(groups), torch.rand(4, 4, 8, 7)
    outputs = run(onnx_file.model_of(folded, inputs, about={}), inputs)
    torch.testing.assert_close(torch.from_numpy(outputs["logits"]), folded(inputs))


def test_a_reversed_threshold_fires_at_equality() -> None:
    """Marked channels fire at or below; thresholds without end always or never."""
    folded = FoldedNet(
        [
            Node("repeat", "repeat_time", (INPUT,)),
            Node("neuron", "threshold_lif", ("repeat",)),
            Node("mean", "time_mean", ("neuron",)),
        ],
        {
            "repeat": RepeatTimeOp(num_timesteps=1),
            "neuron": ThresholdLIFOp(
                num_timesteps=1,
                decay=0.5,
                threshold=torch.tensor([0.5, 0.5, -torch.inf, torch.inf]),
                below=torch.tensor([0.0, 1, 0, 0]),
            ),
            "mean": TimeMeanOp(num_timesteps=1),
        },
    )
    inputs = torch.tensor([[0.5] * 4, [0.4] * 4, [0.6] * 4])
    outputs = run(onnx_file.model_of(folded, inputs, about={}), inputs)
    assert outputs["logits"].tolist() == [[1, 1, 1, 0], [0, 1, 1, 0], [1, 0, 1, 0]]


@given(
    st.floats(2.0**-20, 2.0**20, width=32),
    st.lists(st.floats(-(2.0**30), 2.0**30, width=32), max_size=8),
    st.integers(0, 3),
)
def test_the_clamp_is_the_step_at_every_float(
    threshold: float, others: list[float], away: int
) -> None:
    """At the threshold itself, at its neighbours and anywhere else."""
    at = np.float32(threshold)
    below = above = at
    for _ in range(away + 1):
        below, above = np.nextafter(below, np.float32(0)), np.nextafter(above, np.float32(np.inf))
    values = np.array([at, below, above, 0, *others], dtype=np.float32)
    step = heaviside(threshold)
    node = helper.make_node("HardSigmoid", ["x"], ["y"], alpha=step.alpha, beta=step.beta)
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N"]) for name in "xy")
    model = helper.make_model(
        helper.make_graph([node], "step", [x], [y]),
        opset_imports=[helper.make_opsetid("", onnx_file.OPSET)],
        ir_version=11,
    )
    (found,) = onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"x": values})
    assert found.tolist() == (values >= at).astype(float).tolist()


def test_a_threshold_that_float32_cannot_resolve_is_refused() -> None:
    for threshold in (0.0, -1.0, 1e-42):
        with pytest.raises(ExportError, match="threshold"):
            heaviside(threshold)


class Unknown(Op):
    op = "unknown"

    def forward(self, x: Tensor) -> Tensor:
        return x


def test_a_primitive_without_translation_is_refused() -> None:
    folded = FoldedNet([Node("layer", "unknown", (INPUT,))], {"layer": Unknown()})
    with pytest.raises(ExportError, match="ONNX cannot express layer: no translation of unknown"):
        onnx_file.model_of(folded, torch.rand(1, 3), about={})
