import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnx
import pytest
import torch
from safetensors.torch import load_file, save_file

from rscore.export import folded_files
from rscore.export.digests import tensors_digest
from rscore.export.parity import stored_file
from rscore.finish import FILE_NAMES, finish, finish_network
from rscore.folding.certificate import Subject, proof_digest
from rscore.spec import RunSpec
from rscore.verify import Report, verify
from rscore.verify.__main__ import main
from tests.support.networks import lively_network, own_network, sample_images

SPEC = RunSpec(width=2, certificate_samples=40)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole model; tests work on copies."""
    folder = tmp_path_factory.mktemp("model")
    inputs = sample_images(SPEC, 40)
    finish(SPEC, lively_network(SPEC), inputs, torch.arange(40) % 10, folder)
    return folder


@pytest.fixture
def copy(model: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(model, tmp_path / "copy"))


def edit(folder: Path, change: Callable[[dict[str, Any]], None], *, hide: bool = False) -> None:
    """Change the certificate; with `hide`, as someone would who wants it to look whole."""
    path = folder / FILE_NAMES["certificate"]
    document = json.loads(path.read_text())
    change(document)
    if hide:
        document["proof_digest"] = proof_digest(document)
        document["files"] = [vars_of(folder / file["name"]) for file in document["files"]]
    path.write_text(json.dumps(document))


def vars_of(path: Path) -> dict[str, Any]:
    stored = stored_file(path)
    return {"name": stored.name, "size": stored.size, "sha256": stored.sha256}


def failed(report: Report) -> set[str]:
    return {check.what for check in report.checks if check.status == "failed"}


def test_a_whole_model_holds(model: Path) -> None:
    report = verify(model)
    assert report.ok
    assert report.verdict == "exact"
    assert (
        "32 of the first test samples of digits; the proof used 40" in report.of("samples").detail
    )
    assert re.match(r"0 of \d+ spikes differ", report.of("proof float64").detail)
    assert report.of("proof float32").detail == "32 of 32 predictions agree"
    for kind in ("onnx", "nir"):
        assert report.of(f"parity {kind}").status == "ok"


def test_a_pt2_program_is_run_only_when_asked_for(model: Path) -> None:
    assert verify(model).of("parity pt2").status == "not run"
    assert "execute code" in verify(model).of("parity pt2").detail
    assert verify(model, run_pt2=True).of("parity pt2").status == "ok"


def test_a_changed_byte_is_caught_and_the_file_not_read(copy: Path) -> None:
    for name in ("weights.safetensors", "folded.onnx"):
        path = copy / name
        content = bytearray(path.read_bytes())
        content[-1] ^= 1
        path.write_bytes(content)
    report = verify(copy)
    assert failed(report) == {"weights.safetensors", "folded.onnx"}
    assert "not read" in report.of("folded.onnx").detail
    assert "parity onnx" not in {check.what for check in report.checks}


def test_a_tampered_weight_whose_hash_was_made_to_fit_is_caught(copy: Path) -> None:
    path = copy / "weights.safetensors"
    tensors, texts = load_file(path), folded_files.metadata(path)
    tensors["readout.1.weight"][0, 0] += 1e-3
    save_file(tensors, path, metadata=texts)
    edit(copy, lambda document: None, hide=True)
    report = verify(copy)
    assert failed(report) == {"trained network"}
    assert "not the weights that were certified" in report.of("trained network").detail


def test_a_tampered_fold_is_caught_even_if_its_digest_was_made_to_fit(copy: Path) -> None:
    """The proof is run again: other folded weights are not what folding the network gives."""
    path = copy / "folded.safetensors"
    tensors, texts = load_file(path), folded_files.metadata(path)
    tensors["readout.1:weight"][0, 0] += 1e-3
    save_file(tensors, path, metadata=texts)
    edit(copy, lambda document: None, hide=True)
    assert "folded network" in failed(verify(copy))

    def fit(document: dict[str, Any]) -> None:
        document["networks"]["folded_sha256"] = tensors_digest(tensors)

    edit(copy, fit, hide=True)
    report = verify(copy)
    assert failed(report) >= {"certificate", "proof float64"}
    assert "other tensors" in report.of("proof float64").detail
    assert "another certificate" in report.of("certificate").detail


def test_a_file_of_another_model_is_caught(copy: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    network = lively_network(SPEC, seed=1)
    finish(SPEC, network, sample_images(SPEC, 32), torch.zeros(32), other)
    shutil.copy(other / "folded.onnx", copy / "folded.onnx")
    assert failed(verify(copy)) == {"folded.onnx"}
    edit(copy, lambda document: None, hide=True)
    report = verify(copy)
    assert failed(report) == {"certificate", "parity onnx"}
    assert "folded.onnx belongs to another certificate" in report.of("certificate").detail
    assert "is not the folded network" in report.of("parity onnx").detail


def test_a_changed_onnx_graph_is_caught_by_its_own_runtime(copy: Path) -> None:
    path = copy / "folded.onnx"
    net = onnx.load(path)
    for node in net.graph.node:
        if node.op_type == "HardSigmoid" and node.name.startswith("stage1.0#"):
            node.op_type = "Relu"
            del node.attribute[:]
    onnx.save(net, path)
    edit(copy, lambda document: None, hide=True)
    assert failed(verify(copy)) == {"parity onnx"}


@pytest.mark.parametrize("hide", [False, True])
def test_an_edited_verdict_is_caught(copy: Path, hide: bool) -> None:
    """Also when its digest was computed again: the files carry the digest of the proof."""

    def bound(document: dict[str, Any]) -> None:
        document["verdict"] = "bounded"

    edit(copy, bound, hide=hide)
    assert failed(verify(copy)) == {"certificate"}


def test_a_verdict_against_its_own_numbers_is_caught(copy: Path) -> None:
    def disagree(document: dict[str, Any]) -> None:
        document["float32"]["agreement"] -= 1

    edit(copy, disagree)
    assert "digest differs" in verify(copy).of("certificate").detail


def test_a_certificate_without_its_files_names_them(copy: Path) -> None:
    def drop(document: dict[str, Any]) -> None:
        document["files"] = [file for file in document["files"] if file["name"] != "folded.onnx"]

    edit(copy, drop)
    detail = verify(copy).of("certificate").detail
    assert "folded.onnx without a SHA-256" in detail


def test_part_of_a_model_is_said_to_be_part(copy: Path) -> None:
    for name in ("weights.safetensors", "folded.pt2"):
        (copy / name).unlink()
    report = verify(copy)
    assert not report.ok
    assert not failed(report)
    missing = {check.what for check in report.checks if check.status == "missing"}
    assert missing == {"weights.safetensors", "folded.pt2"}
    assert report.of("parity onnx").status == "ok"
    assert "without weights.safetensors" in report.of("trained network").detail


def test_a_folder_without_a_certificate(tmp_path: Path) -> None:
    report = verify(tmp_path)
    assert [(check.what, check.status) for check in report.checks] == [("certificate", "missing")]
    for text in ("[", "[]", '{"version": 1}', '{"version": 2, "verdict": "exact"}'):
        (tmp_path / "certificate.json").write_text(text)
        assert failed(verify(tmp_path)) == {"certificate"}


def test_a_network_of_ones_own_is_proved_where_it_is_given(tmp_path: Path) -> None:
    network = own_network(torch.nn.Flatten(), features=324, granularity="channel")
    subject = Subject("own", "random numbers")
    finish_network(network, torch.rand(4, 1, 9, 9), torch.zeros(4), tmp_path, subject=subject)
    report = verify(tmp_path)
    assert not report.ok
    assert not failed(report)
    assert "network=" in report.of("trained network").detail
    assert report.of("parity onnx").status == "ok"
    assert "proof float64" not in {check.what for check in report.checks}

    given = own_network(torch.nn.Flatten(), features=324, granularity="channel")
    given.linear.bias.data += 1
    report = verify(tmp_path, network=given)
    assert report.ok
    assert report.of("proof float64").status == "ok"


def test_the_command_prints_a_table_and_says_whether_it_holds(
    model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["rscore.verify", str(model), "--run-pt2"])
    assert main() == 0
    printed = capsys.readouterr().out
    assert "The certificate holds: exact." in printed
    assert "parity pt2" in printed


def test_the_command_answers_in_json(
    model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["rscore.verify", str(model), "--json"])
    assert main() == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["verified"], answer["proved"], answer["verdict"]) == (True, True, "exact")
    assert {"what": "parity pt2", "status": "not run"}.items() <= answer["checks"][-1].items()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda copy: (copy / "certificate.json").unlink(), "Nothing was checked"),
        (lambda copy: (copy / "weights.safetensors").unlink(), "what is here is right"),
        (lambda copy: (copy / "folded.onnx").write_bytes(b"garbage"), "not the model"),
    ],
)
def test_the_last_line_says_no_more_than_was_checked(
    copy: Path,
    spoil: Callable[[Path], None],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    spoil(copy)
    monkeypatch.setattr(sys, "argv", ["rscore.verify", str(copy)])
    assert main() == 1
    assert said in capsys.readouterr().out


def test_an_edited_cost_is_caught(copy: Path) -> None:
    edit(copy, lambda document: document["cost"]["after"].update(synops=1))
    assert failed(verify(copy)) == {"certificate"}
    edit(copy, lambda document: None, hide=True)
    assert "belongs to another certificate" in verify(copy).of("certificate").detail


def test_the_exit_code_is_the_answer(copy: Path) -> None:
    (copy / "certificate.json").write_text("{}")
    command = [sys.executable, "-m", "rscore.verify", str(copy)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "not the model that its certificate speaks of" in done.stdout
