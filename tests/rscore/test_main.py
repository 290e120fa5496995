"""`python -m rscore` as a person runs it, in processes of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
QUICK = "{train_samples: 200, test_samples: 60, width: 4, num_timesteps: 2, epochs: %d}"
ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith("REALSPIKE_")},
    "OMP_NUM_THREADS": "1",
    "COLUMNS": "80",
}


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "rscore", *map(str, arguments)]


def rscore(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments),
        cwd=ROOT,
        env=ENVIRONMENT | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def run_file(folder: Path, *, epochs: int = 1) -> Path:
    path = folder / "quick.yaml"
    path.write_text(f"spec: {QUICK % epochs}")
    return path


def test_trains_folds_and_says_where_everything_is(tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = rscore(
        run_file(tmp_path, epochs=9), "--set", "epochs=1", "--out", out, "--device", "cpu"
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "epoch 1/1: train loss" in done.stdout
    rows = dict(line.split(maxsplit=1) for line in done.stdout.splitlines() if str(out) in line)
    assert "test accuracy" in done.stdout
    assert {Path(path).name for path in rows.values()} == {
        "weights.safetensors",
        "folded.safetensors",
        "folded.json",
        "folded.onnx",
        "folded.nir",
        "folded.pt2",
        "samples.json",
        "certificate.json",
    }
    assert all(Path(path).is_file() for path in rows.values())
    verdict = json.loads((out / "certificate.json").read_text())["verdict"]
    assert f"certificate  {verdict}" in done.stdout


def test_an_interrupted_run_goes_on_from_its_checkpoint(tmp_path: Path) -> None:
    out, path = tmp_path / "out", run_file(tmp_path, epochs=10_000)
    process = subprocess.Popen(
        command(path, "--out", out),
        cwd=ROOT,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert any(line.startswith("epoch 2/") for line in process.stdout)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert told == f"the checkpoint is in {out}; run the same command to go on from it\n"
    assert (out / "checkpoint.safetensors").is_file()

    again = subprocess.Popen(
        command(path, "--out", out), cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True
    )
    assert again.stdout is not None
    assert any(line.startswith("going on from the checkpoint at step") for line in again.stdout)
    again.send_signal(signal.SIGTERM)
    again.communicate(timeout=60)
    assert again.returncode == 130

    other = rscore(run_file(tmp_path, epochs=3), "--out", out)
    assert other.returncode == 2
    assert other.stderr == (
        f"error: {out / 'checkpoint.safetensors'} belongs to another specification "
        "(epochs: 10000 there, 3 here); delete it to start from the beginning, or train into "
        "another folder with --out\n"
    )


@pytest.mark.parametrize(
    ("text", "arguments", "message"),
    [
        ("spec: {epocs: 1}", [], "spec.epocs: unknown field 'epocs' (did you mean 'epochs'?)"),
        ("base: {}\nseeds: 2", [], "this is a study file; submit it with: "),
        ("spec: {}", ["--set", "lr=abc"], "error: --set lr=abc: Input should be a valid number"),
        ("spec: {}", ["--set", "epohs=1"], "(did you mean 'epochs'?)"),
        ("spec: {}", ["--device", "gpu"], "--device 'gpu' is not one of auto, cpu, cuda, cuda:N"),
        ("spec: {}", ["--device", "cuda:99"], "this machine has no such device"),
        ("spec: {dataset: mnist}", ["--data-dir", "nowhere"], "run `realspike data fetch mnist`"),
    ],
)
def test_bad_input_is_one_line(
    text: str, arguments: list[str], message: str, tmp_path: Path
) -> None:
    path = tmp_path / "run.yaml"
    path.write_text(text)
    done = rscore(path, "--out", tmp_path / "out", *arguments)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("arguments", "says"),
    [([], "missing argument 'FILE'"), (["x.yaml", "--devic", "cpu"], "no such option: --devic")],
)
def test_wrong_usage_is_said_as_every_error_is(arguments: list[str], says: str) -> None:
    done = rscore(*arguments)
    assert done.returncode == 2
    first, second = done.stderr.splitlines()
    assert first.startswith(f"error: {says}")
    assert second == "see what it takes with: python -m rscore --help"


def test_processes_of_torchrun_train_one_run(tmp_path: Path) -> None:
    out = tmp_path / "out"
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    done = subprocess.run(
        [*launcher, "--nproc-per-node", "2", *command(run_file(tmp_path), "--out", out)[1:]],
        cwd=ROOT,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("training small-conv") == 1
    assert done.stdout.count("epoch 1/1: train loss") == 1
    assert done.stdout.count("certificate  ") == 1
    assert (out / "folded.onnx").is_file()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--fetch"], "realspike data fetch digits` once before torchrun"),
        (["--device", "cuda:1"], "torchrun gives each process its own; use --device cuda"),
    ],
)
def test_what_makes_no_sense_for_many_processes_is_one_line(
    arguments: list[str], message: str, tmp_path: Path
) -> None:
    group = {"RANK": "1", "LOCAL_RANK": "1", "WORLD_SIZE": "2"}
    done = rscore(run_file(tmp_path), "--out", tmp_path / "out", *arguments, **group)
    assert done.returncode == 2
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_data_folder_may_come_from_the_environment(tmp_path: Path) -> None:
    path = tmp_path / "run.yaml"
    path.write_text("spec: {dataset: mnist}")
    done = rscore(path, "--out", tmp_path / "out", REALSPIKE_DATA_DIR=str(tmp_path / "here"))
    assert f"is not complete in {tmp_path / 'here' / 'mnist'}" in done.stderr


def test_a_run_that_fails_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "run.yaml"
    path.write_text(
        "spec: {epochs: 40, train_samples: 60, test_samples: 10, width: 2, optimizer: sgd, "
        "lr: 100, weight_decay: 1, schedule: constant}"
    )
    done = rscore(path, "--out", tmp_path / "out")
    assert done.returncode == 1
    assert "try an lr below 100" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = rscore(run_file(tmp_path), "--out", tmp_path / "file" / "out")
    assert done.returncode == 2
    assert str(tmp_path / "file") in done.stderr
    assert len(done.stderr.splitlines()) == 1
