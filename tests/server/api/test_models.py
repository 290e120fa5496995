from __future__ import annotations

import hashlib
from pathlib import Path

import httpx
import pytest

from server.api.services import Services
from tests.server.api.models import SAMPLES, make_model


@pytest.fixture
def model_id(services: Services, tmp_path: Path) -> str:
    return make_model(services, tmp_path)


def test_a_model_is_listed_with_its_files(client: httpx.Client, model_id: str) -> None:
    (model,) = client.get("/models").json()["items"]

    assert (model["id"], model["verdict"], model["test_acc"]) == (model_id, "exact", 0.96)
    assert (model["input_shape"], model["classes"][3]) == ([1, 8, 8], "3")
    assert [file["kind"] for file in model["files"]] == ["onnx", "samples"]
    assert client.get(f"/models/{model_id}").json() == model
    assert client.get(f"/runs/{model['run_id']}").json()["model_id"] == model_id
    assert client.get("/models", params={"study_id": "stu_none"}).json()["items"] == []


def test_certificate_and_samples(client: httpx.Client, model_id: str) -> None:
    certificate = client.get(f"/models/{model_id}/certificate").json()

    assert certificate["certificate"] == {"verdict": "exact", "samples": 1}
    assert client.get(f"/models/{model_id}/samples").json() == SAMPLES


def test_predictions_come_from_the_file(client: httpx.Client, model_id: str) -> None:
    image = [[[0.0] * 8 for _ in range(8)]]
    image[0][0][4] = 1.0
    answer = client.post(f"/models/{model_id}/predict", json={"inputs": [image, image]})

    first, second = answer.json()["predictions"]
    assert (first["label"], first["name"]) == (4, "4")
    assert first == second
    assert first["probability"] == max(first["probabilities"]) > 0.9
    assert sum(first["probabilities"]) == pytest.approx(1)


def test_images_of_another_shape_are_refused(client: httpx.Client, model_id: str) -> None:
    answer = client.post(f"/models/{model_id}/predict", json={"inputs": [[[[0.0] * 28] * 28]]})

    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["path"] == "inputs.0.0"
    assert "28 rows, this model needs 8" in error["message"]
    assert "[1, 8, 8]" in error["hint"]
    assert client.post(f"/models/{model_id}/predict", json={"inputs": []}).status_code == 422


def test_files_download_by_kind(client: httpx.Client, model_id: str) -> None:
    (onnx,) = [
        file for file in client.get(f"/models/{model_id}").json()["files"] if file["kind"] == "onnx"
    ]
    answer = client.get(f"/models/{model_id}/files/onnx")

    assert hashlib.sha256(answer.content).hexdigest() == onnx["sha256"]
    assert answer.content == client.get(f"/artifacts/{onnx['artifact_id']}").content
    assert client.get(f"/models/{model_id}/files/graph").status_code == 404
    assert client.get(f"/models/{model_id}/files/nothing").status_code == 422


def test_a_model_goes_with_its_run(client: httpx.Client, model_id: str) -> None:
    run_id = client.get(f"/models/{model_id}").json()["run_id"]
    assert client.delete(f"/runs/{run_id}").status_code == 204

    assert client.get(f"/models/{model_id}").status_code == 404
    assert client.get("/models").json()["items"] == []
