import hashlib
import json
from pathlib import Path

import onnxruntime
import pytest
import torch

from rscore.amplitude import Amplitude
from rscore.errors import ExportError, FoldError
from rscore.export import folded_files, onnx_file
from rscore.export.parity import make_reference
from rscore.finish import finish, finish_network
from rscore.folding import fold
from rscore.folding.certificate import PROOF_KEYS, Subject, proof_digest
from rscore.spec import RunSpec
from tests.support.networks import lively_network, own_network, sample_images


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory):
    spec = RunSpec(granularity="element", width=4, certificate_samples=40)
    network = lively_network(spec)
    images, labels = sample_images(spec, 50), torch.arange(50) % 10
    outdir = tmp_path_factory.mktemp("model")
    return spec, network, images, finish(spec, network, images, labels, outdir)


def test_the_certificate_says_what_was_proved(finished) -> None:
    spec, _, _, result = finished
    document = json.loads(result.files["certificate"].read_text())
    assert document == json.loads(json.dumps(result.certificate))
    assert document["verdict"] == result.verdict == "exact"
    assert document["samples"] == 40
    assert document["spec_digest"] == spec.digest()
    assert document["float64"]["spikes_equal"]
    assert document["float64"]["binary"]
    assert document["float32"]["agreement"] == 40
    assert [layer["form"] for layer in document["unshared"]] == ["materialized"]
    assert [export["format"] for export in document["exports"]] == ["safetensors", "onnx", "pt2"]
    assert document["refused"] == [
        {"format": "nir", "reason": "NIR cannot express stage2.0: it has no unshared_conv2d"}
    ]
    assert set(result.files) == {
        *("weights", "folded", "graph", "samples", "onnx", "pt2", "certificate")
    }
    assert document["alphabet"] == [0, 1]
    assert document["data"]["description"] == "the first test samples of digits"
    assert document["data"]["travelling"] == 32
    before, after = document["cost"]["before"], document["cost"]["after"]
    assert before["macs"] == pytest.approx(after["macs"] + after["synops"])
    assert after["energy_estimate_pj"] < before["energy_estimate_pj"]


def test_the_hashes_are_the_files_hashes(finished) -> None:
    *_, result = finished
    hashes = {file["name"]: file["sha256"] for file in result.certificate["files"]}
    for kind, path in result.files.items():
        if kind != "certificate":
            assert hashes[path.name] == hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_onnx_file_takes_any_batch_in_its_own_runtime(finished) -> None:
    _, network, images, result = finished
    session = onnxruntime.InferenceSession(result.files["onnx"])
    with torch.no_grad():
        reference = network(images)
    for count in (1, 3, 50):
        (logits,) = session.run(["logits"], {"images": images[:count].numpy()})
        torch.testing.assert_close(torch.from_numpy(logits), reference[:count], rtol=0, atol=1e-4)


def test_the_folded_files_load_again_to_the_bit(finished) -> None:
    _, network, images, result = finished
    again = folded_files.load(result.files["folded"], result.files["graph"])
    reference = fold(network, images[:1]).materialize(limit_bytes=2**30).float()
    assert torch.equal(again(images), reference(images))


def test_samples_travel_with_the_model(finished) -> None:
    _, _, images, result = finished
    samples = json.loads(result.files["samples"].read_text())
    assert samples["labels"][:3] == [0, 1, 2]
    assert torch.equal(torch.tensor(samples["inputs"]), images[:32])


def test_every_file_carries_the_digest_of_the_proof(finished) -> None:
    *_, result = finished
    digest = result.certificate["proof_digest"]
    assert digest == proof_digest(json.loads(result.files["certificate"].read_text()))
    for kind, path in result.files.items():
        assert digest.encode() in path.read_bytes(), kind


def test_the_digest_covers_the_whole_proof(finished) -> None:
    *_, result = finished
    for key in PROOF_KEYS:
        assert proof_digest(result.certificate | {key: "other"}) != proof_digest(result.certificate)


def test_costs_are_listed_per_layer_on_both_sides(finished) -> None:
    """A layer behind amplitudes multiplies before folding and adds after it."""
    *_, result = finished
    sides = [
        {layer["layer"]: layer for layer in result.certificate["cost"][side]["layers"]}
        for side in ("before", "after")
    ]
    before, after = sides
    assert (
        list(before) == list(after) == ["encode.1", "stage1.0", "stage2.0", "stage2.2", "readout.1"]
    )
    assert before["encode.1"] == after["encode.1"]
    assert before["stage2.0"]["macs"] == after["stage2.0"]["synops"] > 0
    assert before["stage2.0"]["synops"] == after["stage2.0"]["macs"] == 0
    assert before["stage1.0"]["firing_rate"] == after["stage1.0"]["firing_rate"] > 0


def test_the_amplitudes_and_their_constraint_are_on_record(tmp_path: Path) -> None:
    spec = RunSpec(width=2, amplitude_constraint="power-of-two", certificate_samples=4)
    network = lively_network(spec)
    result = finish(spec, network, sample_images(spec, 4), torch.zeros(4), tmp_path)
    modules = {n: m for n, m in network.named_modules() if isinstance(m, Amplitude)}
    assert [entry["layer"] for entry in result.certificate["amplitudes"]] == list(modules)
    for entry in result.certificate["amplitudes"]:
        value = modules[entry["layer"]].effective()
        assert (entry["granularity"], entry["constraint"]) == ("channel", "power-of-two")
        assert entry["smallest"] == value.min()
        assert entry["largest"] == value.max()
    assert "nir" in result.files


def test_a_network_that_no_specification_builds(tmp_path: Path) -> None:
    network = own_network(torch.nn.Flatten(), features=324, granularity="channel")
    subject = Subject("tiny", "random numbers", classes=("a", "b", "c", "d", "e"))
    inputs, labels = torch.rand(6, 1, 9, 9), torch.arange(6) % 5
    result = finish_network(network, inputs, labels, tmp_path, subject=subject, samples=5)
    document = result.certificate
    assert (document["spec_digest"], document["samples"]) == (None, 5)
    assert (document["granularity"], document["networks"]["name"]) == ("channel", "tiny")
    about = folded_files.about(result.files["graph"])
    assert about["classes"] == ["a", "b", "c", "d", "e"]
    assert about["input_shape"] == [1, 9, 9]
    assert about["spec"] is None


def test_a_network_in_train_mode_makes_no_model(tmp_path: Path) -> None:
    spec = RunSpec(width=4)
    network = lively_network(spec).train()
    with pytest.raises(FoldError, match="train mode"):
        finish(spec, network, sample_images(spec, 4), torch.zeros(4), tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_wrong_file_is_caught_by_its_own_runtime(finished, tmp_path: Path) -> None:
    _, network, images, _ = finished
    folded = fold(network, images[:1]).float()
    reference = make_reference(network, folded, images)
    folded.op("stage2.0").bias.add_(0.05)
    path = tmp_path / "wrong.onnx"
    onnx_file.save(folded, path, images, about={})
    with pytest.raises(ExportError, match=r"wrong\.onnx run by onnxruntime"):
        onnx_file.check(path, images, reference)


def test_a_graph_that_is_not_ours_is_refused(finished, tmp_path: Path) -> None:
    *_, result = finished
    graph = tmp_path / "other.json"
    graph.write_text(json.dumps({"format": "other"}))
    with pytest.raises(ExportError, match=r"other\.json is not"):
        folded_files.load(result.files["folded"], graph)
