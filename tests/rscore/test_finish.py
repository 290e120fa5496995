import hashlib
import json
from pathlib import Path

import onnxruntime
import pytest
import torch

from rscore.errors import ExportError, FoldError
from rscore.export import folded_files, onnx_file
from rscore.finish import finish
from rscore.folding import fold
from rscore.spec import RunSpec
from tests.support.networks import lively_network, sample_images


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
    assert [export["format"] for export in document["exports"]] == ["safetensors", "onnx"]
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
    torch.testing.assert_close(torch.tensor(samples["inputs"]), images[:32], rtol=0, atol=1e-6)


def test_a_network_in_train_mode_makes_no_model(tmp_path: Path) -> None:
    spec = RunSpec(width=4)
    network = lively_network(spec).train()
    with pytest.raises(FoldError, match="train mode"):
        finish(spec, network, sample_images(spec, 4), torch.zeros(4), tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_wrong_file_is_caught_by_its_own_runtime(finished, tmp_path: Path) -> None:
    _, network, images, _ = finished
    folded = fold(network, images[:1]).float()
    reference = folded(images)
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
