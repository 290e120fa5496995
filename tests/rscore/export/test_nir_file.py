"""NIR files, run by snnTorch's own importer and by NIR's equations."""

from pathlib import Path

import nir
import numpy as np
import pytest
import torch
from snntorch.import_nir import import_from_nir
from torch import Tensor, nn

from rscore.errors import ExportError
from rscore.export import nir_file, nir_runtime
from rscore.export.parity import make_reference
from rscore.folding import fold
from rscore.folding.net import INPUT, FoldedNet, Node
from rscore.folding.ops import Add, Diagonal, LIFOp, RepeatTimeOp, ThresholdLIFOp, TimeMeanOp
from rscore.spec import RunSpec
from tests.support.networks import lif_layer, lively_network, own_network, sample_images

RESNET = RunSpec(width=4, dataset="cifar10", network="resnet20", decay=0.3, v_threshold=0.7)
SEW = RunSpec(width=4, dataset="cifar10", network="sew-resnet18")
EVENTS = RunSpec(width=4, dataset="n-mnist", network="cifarnet")


def run_in_snntorch(path: Path, sample: Tensor, steps: int) -> Tensor:
    """Mean output [K] for one sample without a batch; NIR's Flatten knows none."""
    network, state, outputs = import_from_nir(nir.read(path)), {}, []
    for t in range(steps):
        current = sample[t] if sample.dim() == 4 else sample
        output, state = network(current, state) if state else network(current)
        outputs.append(output.flatten())
    return torch.stack(outputs).mean(0)


@pytest.mark.parametrize("spec", [RunSpec(width=4), RESNET, SEW, EVENTS])
@torch.no_grad()
def test_another_library_reads_the_file_and_gives_the_same_logits(
    spec: RunSpec, tmp_path: Path
) -> None:
    inputs = sample_images(spec, 3)
    folded = fold(lively_network(spec), inputs[:1]).float()
    path = tmp_path / "folded.nir"
    nir_file.save(folded, path, inputs, about={})
    found = torch.stack([run_in_snntorch(path, one, spec.num_timesteps) for one in inputs])
    torch.testing.assert_close(found, folded(inputs), rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    "spec",
    [
        RunSpec(width=4, decay=1.0),
        RunSpec(width=4, membrane_norm="mpbn"),
        RunSpec(width=4, granularity="element", dataset="cifar10", network="resnet20"),
        EVENTS,
    ],
)
def test_the_equations_of_nir_give_the_same_logits(spec: RunSpec, tmp_path: Path) -> None:
    inputs = sample_images(spec, 16)
    network = lively_network(spec)
    folded = fold(network, inputs[:1]).float()
    path = tmp_path / "folded.nir"
    if spec.granularity == "element":
        with pytest.raises(ExportError, match="it has no factored_conv2d"):
            nir_file.save(folded, path, inputs, about={})
        assert not path.exists()
        return
    nir_file.save(folded, path, inputs, about={"proof_digest": "abc"})
    parity = nir_file.check(path, inputs, make_reference(network, folded, inputs))
    assert parity.within_tolerance == parity.agreement == 16
    assert any("Euler" in note for note in parity.notes)
    metadata = nir_file.metadata(path)
    assert metadata["proof_digest"] == "abc"
    assert metadata["num_timesteps"] == spec.num_timesteps
    assert bool(metadata["frames"]) == (spec.data.kind == "events")


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        (RunSpec(width=4, pooling="max"), "it has no max_pool2d"),
        (RunSpec(width=4, spike="ternary"), "ternary"),
        (RunSpec(width=4, reset="soft"), "soft reset"),
        (SEW.model_copy(update={"sew_connect": "and"}), "it has no and"),
    ],
)
def test_what_nir_does_not_have_is_refused_by_name(spec: RunSpec, reason: str) -> None:
    inputs = sample_images(spec, 1)
    folded = fold(lively_network(spec), inputs).float()
    with pytest.raises(ExportError, match=f"NIR cannot express .*: .*{reason}"):
        nir_file.graph_of(folded, inputs, about={})


@pytest.mark.parametrize(
    "layer",
    [nn.Conv2d(4, 4, 3, padding=1, groups=4), nn.Conv2d(4, 4, (1, 3), padding=(0, 1))],
    ids=["grouped", "oblong"],
)
def test_convolutions_whose_shape_nir_gets_wrong_are_refused(layer: nn.Module) -> None:
    network = own_network(layer, lif_layer(), features=324, granularity="channel")
    inputs = torch.rand(1, 1, 9, 9)
    folded = fold(network, inputs).float()
    with pytest.raises(ExportError, match=r"NIR cannot express .*body\.0.*grouped"):
        nir_file.graph_of(folded, inputs, about={})


def test_one_map_added_to_itself_is_refused() -> None:
    folded = FoldedNet(
        [
            Node("sum", "add", (INPUT, INPUT)),
            Node("neuron", "lif", ("sum",)),
        ],
        {"sum": Add(), "neuron": LIFOp(num_timesteps=1, decay=0.5, v_threshold=0.5)},
    )
    with pytest.raises(ExportError, match="adds one map to itself"):
        nir_file.graph_of(folded, torch.rand(1, 2), about={})


def neurons(neuron: LIFOp) -> FoldedNet:
    """Currents straight into one neuron layer with two features."""
    return FoldedNet(
        [
            Node("repeat", "repeat_time", (INPUT,)),
            Node("scale", "diagonal", ("repeat",)),
            Node("neuron", neuron.op, ("scale",)),
            Node("mean", "time_mean", ("neuron",)),
        ],
        {
            "repeat": RepeatTimeOp(num_timesteps=neuron.num_timesteps),
            "scale": Diagonal(value=torch.ones(2)),
            "neuron": neuron,
            "mean": TimeMeanOp(num_timesteps=neuron.num_timesteps),
        },
    )


def test_a_membrane_on_the_threshold_fires(tmp_path: Path) -> None:
    """NIR fires above v_threshold and we at it; the file's threshold makes up for that."""
    at = np.float32(0.7)
    inputs = torch.tensor([[at, np.nextafter(at, np.float32(0))]])
    folded = neurons(LIFOp(num_timesteps=1, decay=0.5, v_threshold=0.7))
    path = tmp_path / "folded.nir"
    nir_file.save(folded, path, inputs, about={})
    assert folded(inputs).tolist() == nir_runtime.run(path, inputs).tolist() == [[1, 0]]


def test_reversed_thresholds_and_the_reset(tmp_path: Path) -> None:
    """The membrane of a marked channel is negated as a whole, its reset with it."""
    neuron = ThresholdLIFOp(
        num_timesteps=4,
        decay=0.5,
        threshold=torch.tensor([0.6, -0.6]),
        below=torch.tensor([0.0, 1.0]),
    )
    inputs = torch.tensor([[0.6, -0.6], [0.5, -0.5], [-1.0, 1.0], [0.35, 0.0]])
    folded = neurons(neuron)
    path = tmp_path / "folded.nir"
    nir_file.save(folded, path, inputs, about={})
    expected = [[1, 1], [0.5, 0.5], [0, 0], [0.25, 0]]
    assert folded(inputs).tolist() == nir_runtime.run(path, inputs).tolist() == expected


def test_a_leak_towards_another_potential_is_the_documented_equation(tmp_path: Path) -> None:
    """tau dv/dt = (v_leak - v) + r I, one Euler step: the reader is checked on what we never write.

    v: 0.5 (1 - 0) + 0.5 * 0.25 = 0.625, then 0.625 + 0.5 (1.25 - 0.625) = 0.9375 > 0.9.
    """
    ones = np.ones(1)
    neuron = nir.LIF(tau=2e-4 * ones, r=ones, v_leak=ones, v_threshold=0.9 * ones, v_reset=0 * ones)
    graph = nir.NIRGraph.from_list(neuron)
    graph.metadata = {"num_timesteps": 2, "dt": 1e-4, "frames": False}
    nir.write(tmp_path / "own.nir", graph)
    assert nir_runtime.run(tmp_path / "own.nir", torch.tensor([[0.25]])).tolist() == [[0.5]]


def test_a_file_that_is_no_graph_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "folded.nir"
    path.write_bytes(b"not HDF5")
    with pytest.raises(ExportError, match=r"folded\.nir is not a NIR file"):
        nir_runtime.load(path)
    nir.write(path, nir.NIRGraph.from_list(nir.Threshold(threshold=np.ones(1))))
    with pytest.raises(ExportError, match="no equation here for node threshold, a Threshold"):
        nir_runtime._Network(nir_runtime.load(path), 1e-4)
