"""The command line against a real service with a real worker."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from client.api import Client
from client.cli.exits import ExitCode
from client.errors import DownloadError
from client.follow import Follower
from rscore.hints import command
from tests.client.conftest import STUDY_FILE, Realspike
from tests.support.waiting import wait_until

pytestmark = pytest.mark.usefixtures("service_env")


@pytest.fixture(scope="module")
def finished(service_url: str) -> dict[str, Any]:
    """A study that has ended: its id, its runs' ids, its models."""
    with Client(service_url) as client:
        study = client.studies.create(yaml.safe_load(STUDY_FILE))
        follower = Follower(client, study_id=study["id"])
        for _ in follower.changes():
            pass
        models = client.models.page(study_id=study["id"])["items"]
    return {"study": study["id"], "runs": list(follower.runs), "models": models}


def test_run_watched_in_a_pipe(realspike: Realspike, run_file: Path) -> None:
    said = realspike("run", "submit", str(run_file), "--set", "seed=7", "--watch")
    assert said.code == ExitCode.OK, said.err
    assert said.out.count("  epoch 1/2  loss ") == 1
    assert said.out.count("  epoch 2/2  loss ") == 1
    assert "succeeded" in said.out
    assert "fold exact" in said.out or "fold bounded" in said.out
    assert "\x1b" not in said.out
    assert "\r" not in said.out


def test_run_watched_as_json_lines(realspike: Realspike, run_file: Path) -> None:
    said = realspike("--json", "run", "submit", str(run_file), "--watch")
    assert said.code == ExitCode.OK, said.err
    lines = said.lines
    assert lines[0]["event"] == "submitted"
    assert [line["epoch"] for line in lines if line["event"] == "epoch"] == [1, 2]
    assert lines[-1]["event"] == "end"
    assert lines[-1]["run"]["status"] == "succeeded"


def test_study_watched_ends_in_its_table(realspike: Realspike, study_file: Path) -> None:
    said = realspike("study", "submit", str(study_file), "--watch")
    assert said.code == ExitCode.OK, said.err
    assert "[2/2]" in said.out
    rows = [line.split()[0] for line in said.out.splitlines()[-3:-1]]
    assert sorted(rows) == ["binary", "channel"]


def test_study_that_has_ended_is_watched_again(
    realspike: Realspike, finished: dict[str, Any]
) -> None:
    said = realspike("study", "watch", finished["study"], "--json")
    assert said.code == ExitCode.OK
    assert [line["event"] for line in said.lines] == ["status", "status", "end"]
    assert len(said.lines[-1]["table"]["cells"]) == 2


def test_cancelled_run_is_exit_code_1(realspike: Realspike, client: Client, run_file: Path) -> None:
    submitted = realspike("run", "submit", str(run_file), "--set", "epochs=10000", "--json")
    run_id = submitted.document["id"]
    assert realspike("run", "cancel", run_id).code == ExitCode.OK
    said = realspike("run", "watch", run_id)
    assert said.code == ExitCode.ENDED_BADLY
    assert "cancelled" in said.out
    assert realspike("run", "cancel", run_id).code == ExitCode.CONFLICT
    retried = realspike("run", "retry", run_id, "--json").document
    assert retried["status"] == "queued"
    client.runs.cancel(run_id)


def test_ctrl_c_stops_the_watching_alone(
    realspike: Realspike, finished: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(self: Follower) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Follower, "changes", interrupted)
    run_id = finished["runs"][0]
    said = realspike("run", "watch", run_id)
    assert said.code == ExitCode.INTERRUPTED
    assert said.err == (
        f"stopped watching; it goes on. Watch again with: {command(f'run watch {run_id}')}\n"
    )


def test_lists_show_and_table(realspike: Realspike, finished: dict[str, Any]) -> None:
    run_id, study_id = finished["runs"][0], finished["study"]
    listed = realspike("run", "list", "--status", "succeeded", "--limit", "200", "--json").document
    assert set(finished["runs"]) <= {run["id"] for run in listed["items"]}
    assert run_id in realspike("run", "list", "--limit", "200").out
    filtered = realspike("run", "list", "--filter", "metrics.test_acc > 2", "--json").document
    assert filtered["items"] == []
    shown = realspike("run", "show", run_id[-8:])
    assert run_id in shown.out
    assert re.search(r"ATTEMPT +OUTCOME +HOST +DEVICE", shown.out)
    spec = next(line for line in shown.out.splitlines() if line.startswith("spec "))
    assert "dataset digits" in spec
    assert "train_samples 200" in spec
    assert "v_threshold" not in spec  # it is as it would be by itself
    assert study_id in realspike("study", "list").out
    assert "2: 2 succeeded" in realspike("study", "show", study_id).out
    name = realspike("study", "show", study_id, "--json").document["name"]
    assert realspike("study", "show", name, "--json").document["name"] == name
    table = realspike("study", "table", study_id, "--metric", "train_loss", "--json").document
    assert table["metric"] == "train_loss"
    assert "±" not in realspike("study", "table", study_id).out


def test_a_report_is_written_in_every_format(
    realspike: Realspike, finished: dict[str, Any], tmp_path: Path
) -> None:
    study_id = finished["study"]
    marks = {"markdown": "| --- |", "latex": "\\toprule", "html": "<!doctype html>", "csv": ",runs"}
    for form, mark in marks.items():
        said = realspike("study", "report", study_id, "--format", form)
        assert said.code == ExitCode.OK
        assert mark in said.out
        assert all(run_id in said.out for run_id in finished["runs"])
    file = tmp_path / "table.json"
    said = realspike("study", "report", study_id, "--format", "json", "--out", str(file))
    assert f"wrote {file}" in said.err
    assert json.loads(file.read_text())["study_id"] == study_id
    wrong = realspike("study", "report", study_id, "--metric", "test_ac")
    assert wrong.code == ExitCode.BAD_INPUT
    assert "did you mean 'test_acc'?" in wrong.err


def test_log_and_metrics(realspike: Realspike, finished: dict[str, Any]) -> None:
    run_id = finished["runs"][0]
    assert "epoch 1/1" in realspike("run", "log", run_id).out
    assert realspike("run", "log", run_id, "--limit", "1", "--json").document["items"][0]["text"]
    printed = realspike("run", "metrics", run_id)
    assert printed.out.split()[:2] == ["EPOCH", "STEP"]
    assert "batch_loss" not in printed.out
    chosen = realspike("run", "metrics", run_id, "--name", "test_acc", "--json").document
    assert [series["name"] for series in chosen["series"]] == ["test_acc"]
    wrong = realspike("run", "metrics", run_id, "--name", "test_acc", "--name", "tset_acc")
    assert wrong.code == ExitCode.BAD_INPUT
    assert wrong.err == (
        f"error: run {run_id} has no metric 'tset_acc'; did you mean 'test_acc'?\n"
    )


def test_metrics_of_a_run_that_has_none(
    realspike: Realspike, client: Client, run_file: Path
) -> None:
    document = yaml.safe_load(run_file.read_text())
    document["spec"]["dataset"] = "mnist"  # nobody has it, so the run fails before it trains
    run = client.runs.create(document)
    wait_until(lambda: client.runs.get(run["id"])["status"] == "failed", "the run has failed")
    said = realspike("run", "metrics", run["id"], "--name", "test_acc")
    assert (said.code, said.out) == (ExitCode.OK, "no metrics\n")


def test_distributions(realspike: Realspike, finished: dict[str, Any], client: Client) -> None:
    channel = next(
        run_id
        for run_id in finished["runs"]
        if client.runs.get(run_id)["spec"]["granularity"] == "channel"
    )
    names = realspike("run", "histogram", channel, "--json").document["names"]
    assert any(name.startswith("amplitude/") for name in names)
    assert realspike("run", "histogram", channel).out.split() == names
    printed = realspike("run", "histogram", channel, names[0]).out.splitlines()
    assert printed[0].split() == ["EPOCH", "STEP", "FROM", "COUNTS", "TO"]
    assert len(printed) >= 2
    assert "█" in printed[1]
    (series,) = realspike("run", "histogram", channel, names[0], "--json").document["series"]
    assert sum(series["counts"][0]) > 0
    wrong = realspike("run", "histogram", channel, names[0] + "x")
    assert wrong.code == ExitCode.BAD_INPUT
    assert f"did you mean {names[0]!r}?" in wrong.err


def test_metric_or_status_that_is_none(realspike: Realspike, finished: dict[str, Any]) -> None:
    said = realspike("run", "list", "--filter", "metrics.tset_acc > 0")
    assert said.code == ExitCode.BAD_INPUT
    assert "no run has a metric 'tset_acc' (did you mean 'metrics.test_acc'?)" in said.err
    said = realspike("run", "list", "--status", "runing")
    assert said.code == ExitCode.BAD_INPUT
    assert "(did you mean 'running'?)" in said.err


def test_model_from_certificate_to_prediction(
    realspike: Realspike, finished: dict[str, Any], tmp_path: Path, client: Client
) -> None:
    model = finished["models"][0]
    model_id = model["id"]
    assert model_id in realspike("model", "list", "--limit", "200").out
    assert "folded.onnx" in realspike("model", "show", model_id).out
    certificate = realspike("model", "certificate", model_id)
    assert "every spike is 0 or 1" in certificate.out
    assert "agreement" in certificate.out
    macs = re.search(r"MACs per sample +(\S+) +(\S+)", certificate.out)
    assert macs
    assert all(re.fullmatch(r"[\d,]+", written) for written in macs.groups())

    out = tmp_path / "new" / "folder"
    got = realspike("model", "download", model_id, "--out", str(out), "--json").document
    content = (out / "folded.onnx").read_bytes()
    assert hashlib.sha256(content).hexdigest() == got["sha256"]
    assert [path.name for path in out.iterdir()] == ["folded.onnx"]

    every = realspike("model", "download", model_id, "--out", str(out), "--all", "--json").document
    assert {file["kind"] for file in every["files"]} == {file["kind"] for file in model["files"]}
    assert {"folded.json", "samples.json", "certificate.json"} <= {
        path.name for path in out.iterdir()
    }
    verified = realspike("model", "verify", str(out), "--json")
    assert (verified.code, verified.document["verified"]) == (ExitCode.OK, True), verified

    predicted = realspike("model", "predict", model_id, "--samples", "5")
    assert "of 5 right" in predicted.out
    samples = client.models.samples(model_id)
    file = tmp_path / "images.json"
    file.write_text(json.dumps(samples["inputs"][:3]))
    answer = realspike("model", "predict", model_id, str(file), "--json").document
    assert len(answer["predictions"]) == 3
    assert answer["labels"] is None
    many = client.models.predict(model_id, samples["inputs"][:1] * 300)
    assert len(many) == 300


def test_image_of_another_shape_is_bad_input(
    realspike: Realspike, finished: dict[str, Any], tmp_path: Path
) -> None:
    file = tmp_path / "images.json"
    file.write_text("[[[[0.0]]]]")
    said = realspike("model", "predict", finished["models"][0]["id"], str(file))
    assert said.code == ExitCode.BAD_INPUT
    assert "inputs" in said.err


def test_download_that_is_damaged_is_not_kept(
    client: Client, finished: dict[str, Any], tmp_path: Path
) -> None:
    model = client.models.get(finished["models"][0]["id"])
    for file in model["files"]:
        file["sha256"] = "0" * 64
    with pytest.raises(DownloadError, match="nothing was kept"):
        client.models.download(model, "onnx", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_files_of_a_run_with_one_that_a_script_added(
    realspike: Realspike, client: Client, finished: dict[str, Any], tmp_path: Path
) -> None:
    run_id, model = finished["models"][0]["run_id"], finished["models"][0]
    (tmp_path / "mine.txt").write_text("mine")
    client.runs.put_file(run_id, tmp_path / "mine.txt")

    listed = realspike("run", "files", run_id)
    assert re.search(r"^file +mine.txt +4 ", listed.out, re.MULTILINE)
    assert re.search(r"^onnx +folded.onnx ", listed.out, re.MULTILINE)
    got = realspike("run", "download", run_id, "mine.txt", "--out", str(tmp_path / "got"), "--json")
    assert Path(got.document["path"]).read_text() == "mine"
    wrong = realspike("run", "download", run_id, "mine.tx")
    assert wrong.code == ExitCode.BAD_INPUT
    assert "did you mean 'mine.txt'?" in wrong.err
    assert client.models.get(model["id"])["files"] == model["files"]


def test_kind_that_is_none(realspike: Realspike, finished: dict[str, Any]) -> None:
    said = realspike("model", "download", finished["models"][0]["id"], "--kind", "onx")
    assert said.code == ExitCode.BAD_INPUT
    assert "it has certificate, folded, graph, nir, onnx, pt2, samples, weights" in said.err


def test_dry_run_queues_nothing(realspike: Realspike, study_file: Path, client: Client) -> None:
    before = client.studies.page()["total"]
    said = realspike("study", "submit", str(study_file), "--dry-run")
    assert "2 runs in 2 cells x 1 seed; nothing was queued" in said.out
    assert "All of these are estimates" in said.out
    planned = realspike("study", "submit", str(study_file), "--dry-run", "--json")
    assert planned.document["runs"] == len(planned.document["estimates"]) == 2
    assert client.studies.page()["total"] == before


def test_dry_run_of_one_run_queues_nothing(
    realspike: Realspike, run_file: Path, client: Client
) -> None:
    before = client.runs.page()["total"]
    said = realspike("run", "submit", str(run_file), "--dry-run", "--set", "width=8")
    assert "nothing was queued" in said.out
    planned = realspike("run", "submit", str(run_file), "--dry-run", "--json", "--set", "width=8")
    assert planned.document["spec"]["width"] == 8
    neurons = planned.document["estimate"]["neurons"]
    assert neurons["low"] == neurons["high"] == 8 * 8 * 8 + 16 * 4 * 4
    assert client.runs.page()["total"] == before


def test_a_data_set_that_nobody_has_is_said_before_anything_is_queued(
    realspike: Realspike, run_file: Path, study_file: Path, client: Client
) -> None:
    before = client.runs.page()["total"]
    study_file.write_text(study_file.read_text().replace("digits", "n-mnist"))
    for noun, file in (
        ("run", [str(run_file), "--set", "dataset=n-mnist"]),
        ("study", [str(study_file)]),
    ):
        said = realspike(noun, "submit", *file)
        assert (said.code, said.out) == (ExitCode.BAD_INPUT, "")
        assert said.err.startswith("error: the service does not have n-mnist, ")
    assert client.runs.page()["total"] == before


def test_a_data_set_may_come_after_the_run_that_needs_it(
    realspike: Realspike, run_file: Path, service_home: Path
) -> None:
    said = realspike(
        "run", "submit", str(run_file), "--set", "dataset=n-mnist", "--anyway", "--json"
    )
    assert said.code == ExitCode.OK
    assert "queued all the same" in said.err
    run_id = said.document["id"]
    told = service_home / "logs" / "worker-1.log"
    wait_until(lambda: f"run {run_id} failed" in told.read_text(), "the worker says that it failed")
    assert "(dataset_missing)" in realspike("run", "show", run_id).out


def test_typo_in_a_study_file(realspike: Realspike, study_file: Path) -> None:
    study_file.write_text(study_file.read_text().replace("granularity", "granularty"))
    said = realspike("study", "submit", str(study_file))
    assert said.code == ExitCode.BAD_INPUT
    assert said.err == (
        f"error: {study_file}: ablate.granularty: unknown field 'granularty' "
        "(did you mean 'granularity'?)\n"
    )


def test_tag_that_the_service_refuses(realspike: Realspike, run_file: Path) -> None:
    tags = f"tags=[{'x' * 61}]"
    said = realspike("run", "submit", str(run_file), "--set", tags)
    assert said.code == ExitCode.BAD_INPUT
    assert said.err.startswith(f"error: --set {tags}: String should have at most 60 characters")
    run_file.write_text(run_file.read_text() + f"tags: [{'x' * 61}]\n")
    said = realspike("run", "submit", str(run_file))
    assert said.err.startswith(f"error: {run_file}: tags.0: ")


def test_run_that_is_deleted_comes_back(
    realspike: Realspike, client: Client, run_file: Path
) -> None:
    document = yaml.safe_load(run_file.read_text())
    document["spec"]["epochs"] = 2000  # a short one may be trained before it is cancelled
    run = client.runs.create(document)
    client.runs.cancel(run["id"])
    wait_until(lambda: client.runs.get(run["id"])["status"] == "cancelled", "the run is cancelled")
    deleted = realspike("run", "delete", run["id"])
    assert (deleted.code, f"realspike run restore {run['id']}" in deleted.out) == (0, True)
    assert realspike("run", "show", run["id"]).code == ExitCode.NOT_FOUND
    assert run["id"] in realspike("run", "list", "--deleted").out
    assert "is cancelled" in realspike("run", "restore", run["id"][-8:]).out
    assert realspike("run", "show", run["id"]).code == ExitCode.OK
    assert realspike("run", "list", "--deleted").out == "no run was deleted\n"
    assert realspike("run", "restore", "nope").code == ExitCode.NOT_FOUND


def test_a_name_of_several_studies_changes_none_of_them(
    realspike: Realspike, client: Client
) -> None:
    document = yaml.safe_load(STUDY_FILE) | {"name": "namesakes"}
    ids = [client.studies.create(document)["id"] for _ in range(2)]
    for words in (("cancel",), ("pause",), ("delete",), ("set", "--priority", "3")):
        said = realspike("study", words[0], "namesakes", *words[1:])
        assert said.code == ExitCode.BAD_INPUT
        assert f"2 studies are named 'namesakes'; give an id: {ids[1]}, {ids[0]}" in said.err
    assert ids[1] in realspike("study", "show", "namesakes").out
    for study_id in ids:
        client.studies.cancel(study_id)


def test_study_that_is_deleted_comes_back(
    realspike: Realspike, client: Client, finished: dict[str, Any]
) -> None:
    study_id = finished["study"]
    assert f"realspike study restore {study_id}" in realspike("study", "delete", study_id).out
    for noun, thing in (
        ("study", study_id),
        ("run", finished["runs"][0]),
        ("model", finished["models"][0]["id"]),
    ):
        assert realspike(noun, "show", thing).code == ExitCode.NOT_FOUND
    assert study_id in realspike("study", "list", "--deleted").out
    assert "2 succeeded" in realspike("study", "restore", study_id[-8:]).out
    assert realspike("study", "list", "--deleted").out == "no study was deleted\n"
    assert client.models.page(study_id=study_id)["items"] == finished["models"]


@pytest.mark.parametrize("noun", ["run", "study", "model"])
def test_thing_that_is_not_there(realspike: Realspike, noun: str) -> None:
    said = realspike(noun, "show", "nope")
    assert said.code == ExitCode.NOT_FOUND
    assert said.err.startswith("error: ")


def test_same_key_makes_one_run(client: Client, run_file: Path) -> None:
    document = yaml.safe_load(run_file.read_text())
    first = client.runs.create(document, key="tests-one-key")
    assert client.runs.create(document, key="tests-one-key")["id"] == first["id"]
    client.runs.cancel(first["id"])


def test_data_sets(realspike: Realspike, tmp_path: Path) -> None:
    listed = realspike("data", "list")
    assert "digits" in listed.out
    assert "realspike data fetch mnist" in listed.out
    assert realspike("data", "list", "--json").document["items"][0]["ready"] is True
    said = realspike("data", "push", "mnist", "--from", str(tmp_path))
    assert said.code == ExitCode.BAD_INPUT
    assert "train-images-idx3-ubyte.gz is missing" in said.err
    pushed = realspike("data", "push", "digits", "--from", str(tmp_path))
    assert pushed.code == ExitCode.OK
    assert "nothing to send" in pushed.err


def test_workers_and_version(realspike: Realspike, service_env: str) -> None:
    (worker,) = realspike("worker", "list", "--json").document["items"]
    assert worker["status"] == "alive"
    assert worker["id"] in realspike("worker", "list").out
    version = realspike("version", "--json").document
    assert version["url"] == service_env
    assert version["service"]
