"""A succeeded run with its folded model, as a worker leaves it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from server.api.services import Services
from server.storage import artifacts, folded_models, lifecycle, metrics
from tests.server.onnx_files import linear_model
from tests.support.runs import claim_run, make_run

SAMPLES = {"inputs": [[[[0.5] * 8] * 8]], "labels": [3]}


def make_model(services: Services, folder: Path, **run: Any) -> str:
    """Id of a model for digits that answers the label of the brightest of its first ten pixels."""
    run_id = run.pop("run_id", None) or make_run(services.db, **run)
    attempt = claim_run(services.db, run_id)
    weights = np.zeros((64, 10), dtype=np.float32)
    weights[:10] = np.eye(10) * 5
    contents = {
        "checkpoint": b"training goes on from here",
        "onnx": linear_model(weights, counted="neuron1"),
        "samples": json.dumps(SAMPLES | {"proof_digest": "5" * 64}).encode(),
    }
    stored = {}
    for kind, content in contents.items():
        local = folder / kind
        local.write_bytes(content)
        stored[kind] = services.files.put(local, f"{run_id}/{kind}")
    with services.db.write() as session:
        metrics.write_metrics(session, run_id, [("test_acc", 10, 1, 0.96)], attempt=attempt)
        for kind, file in stored.items():
            artifacts.record_artifact(
                session,
                run_id,
                attempt,
                kind=kind,
                name=f"{kind}.bin",
                media_type="application/onnx",
                stored=file,
            )
        model = folded_models.register(
            session,
            run_id,
            attempt,
            name="a model",
            verdict="exact",
            certificate={"verdict": "exact", "samples": 1},
            test_acc=0.96,
        )
        lifecycle.succeed(session, run_id, attempt)
    return model.id
