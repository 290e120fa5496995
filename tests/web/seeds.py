"""Data for the page, written as a worker writes it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rscore.spec import RunSpec
from server.storage import (
    artifacts,
    folded_models,
    histograms,
    lifecycle,
    logs,
    metrics,
    runs,
    studies,
)
from tests.support.runs import claim_run, make_run, report_death
from tests.support.workers import register_worker
from tests.web.conftest import Site

EPOCH_STEPS = 23
EPOCHS = 8

CERTIFICATE: dict[str, Any] = {
    "version": 1,
    "verdict": "bounded",
    "samples": 256,
    "float64": {
        "spikes": 92_160,
        "mismatches": 0,
        "spikes_equal": True,
        "binary": True,
        "max_abs_current_diff": 1.8e-15,
        "max_abs_logit_diff": 3.6e-15,
    },
    "float32": {
        "samples": 256,
        "agreement": 255,
        "max_abs_logit_diff": 2.4e-6,
        "smallest_margin": 3.1e-5,
        "layers": [
            {
                "layer": "conv1",
                "neurons": 262_144,
                "local_mismatch": [0, 0, 1, 0],
                "end_to_end_mismatch": [0, 0, 2, 0],
            }
        ],
    },
    "exports": [
        {
            "format": "onnx",
            "file": "folded.onnx",
            "runtime": "onnxruntime",
            "samples": 256,
            "agreement": 256,
            "within_tolerance": 256,
            "max_abs_logit_diff": 1.9e-6,
        }
    ],
    "cost": {
        "before": {"parameters": 5434, "energy_estimate_pj": 900_000.0},
        "after": {"parameters": 5386, "energy_estimate_pj": 717_821.0},
        "energy_table": {"process": "45 nm", "mac_pj": 4.6, "ac_pj": 0.9},
    },
}


def spec_of(**changes: Any) -> dict[str, Any]:
    """A whole specification, as the API stores it."""
    return RunSpec(**{"dataset": "digits", "epochs": EPOCHS, **changes}).model_dump(mode="json")


def add_run(site: Site, name: str, *, study_id: str | None = None, **spec: Any) -> str:
    """Id of a new queued run."""
    return make_run(site.db, name=name, study_id=study_id, spec=spec_of(**spec))


def start_run(site: Site, run_id: str) -> int:
    """Number of the attempt that trains it now; its lease lasts as long as any test."""
    return claim_run(site.db, run_id, lease_seconds=600)


def finish_epoch(site: Site, run_id: str, attempt: int, epoch: int, accuracy: float) -> None:
    """What a worker writes at the end of an epoch."""
    step = epoch * EPOCH_STEPS
    loss = 2.0 / epoch
    values = {
        "train_loss": loss,
        "test_loss": loss + 0.1,
        "train_acc": accuracy + 0.01,
        "test_acc": accuracy,
        "firing_rate": 0.16,
        "firing_rate/conv1": 0.2,
        "amplitude_mean/conv1": 1 + 0.01 * epoch,
    }
    points: list[metrics.Point] = [(name, step, epoch, value) for name, value in values.items()]
    batches: list[metrics.Point] = [
        ("batch_loss", step - 10 * at, None, loss + 0.05 * at) for at in (2, 1, 0)
    ]
    progress = {
        "epoch": epoch,
        "epochs": EPOCHS,
        "step": step,
        "steps": EPOCHS * EPOCH_STEPS,
        "loss": loss,
        "accuracy": accuracy,
        "eta_seconds": 1.5 * (EPOCHS - epoch),
    }
    amplitudes = histograms.Bins("amplitude/conv1", step, epoch, 0.5, 1.5 + epoch, [1, 6, 1])
    with site.db.write() as session:
        metrics.write_metrics(session, run_id, points + batches, attempt=attempt)
        histograms.write_histograms(session, run_id, [amplitudes], attempt=attempt)
        lifecycle.save_progress(session, run_id, attempt, progress)
        logs.append(session, run_id, attempt, [f"epoch {epoch}/{EPOCHS} test_acc {accuracy:.4f}"])


def finish_run(site: Site, run_id: str, attempt: int, folder: Path) -> str:
    """End it with a model and one file; returns the file's SHA-256."""
    local = folder / "folded.onnx"
    local.write_bytes(b"not really an onnx file" * 100)
    stored = site.files.put(local, f"{run_id}/{attempt}/folded.onnx")
    with site.db.write() as session:
        artifacts.record_artifact(
            session,
            run_id,
            attempt,
            kind="onnx",
            name="folded.onnx",
            media_type="application/octet-stream",
            stored=stored,
        )
        folded_models.register(
            session,
            run_id,
            attempt,
            name="a model",
            verdict="bounded",
            certificate=CERTIFICATE,
            test_acc=0.97,
        )
        lifecycle.succeed(session, run_id, attempt)
    return stored.sha256


def fail_run(site: Site, run_id: str, attempt: int, *, reason: str, detail: str) -> None:
    """End it with a failure."""
    with site.db.write() as session:
        lifecycle.fail(session, run_id, attempt, reason=reason, detail=detail)


def lose_worker(site: Site, run_id: str, attempt: int, how: str) -> None:
    """Let its worker see its process die; it waits a long while for the next attempt."""
    report_death(site.db, run_id, attempt, how, backoff=300)
    with site.db.write() as session:
        lifecycle.note_refused(session, run_id, attempt)


def cancel_is_asked(site: Site, run_id: str) -> bool:
    """Whether a person asked to stop it."""
    with site.db.read() as session:
        return runs.get_run(session, run_id).cancel_requested


def add_study(site: Site, name: str) -> str:
    """Id of a study of two granularities over two seeds, its four runs queued."""
    levels = ["binary", "channel"]
    document = {"name": name, "ablate": {"granularity": levels}, "seeds": [0, 1]}
    with site.db.write() as session:
        study_id = studies.create_study(
            session,
            name=name,
            experiment="default",
            document=document,
            factors=["granularity"],
            metric="test_acc",
            goal="maximize",
        ).id
    for level in levels:
        for seed in (0, 1):
            add_run(site, f"{level} {seed}", study_id=study_id, granularity=level, seed=seed)
    return study_id


def add_worker(site: Site, worker_id: str = "worker-1") -> None:
    """A worker with two slots."""
    with site.db.write() as session:
        register_worker(
            session, worker_id, host="lab-1", pid=4242, slots=2, datasets={"digits": "ready"}
        )


def runs_of(site: Site, study_id: str) -> list[str]:
    """Ids of the study's runs, oldest first."""
    with site.db.read() as session:
        return sorted(run.id for run in studies.runs_of_study(session, study_id))
