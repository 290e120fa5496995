from __future__ import annotations

import hashlib
from pathlib import Path

import httpx
import pytest

from rscore.spec import RunSpec
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
    answer = client.post(f"/models/{model_id}/predict", json={"inputs": [image, image]}).json()

    assert answer["spikes"] == {"neuron1": [1, 1]}
    first, second = answer["predictions"]
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


def test_recordings_of_events_are_classified(
    client: httpx.Client, services: Services, tmp_path: Path
) -> None:
    spec = RunSpec(dataset="n-mnist", image_size=4, num_timesteps=2).model_dump(mode="json")
    model_id = make_model(services, tmp_path, spec=spec)
    assert client.get(f"/models/{model_id}").json()["input_shape"] == [2, 2, 4, 4]
    frames = [[[[0] * 4 for _ in range(4)] for _ in range(2)] for _ in range(2)]
    frames[0][0][1][3] = 3

    answer = client.post(f"/models/{model_id}/predict", json={"inputs": [frames]}).json()
    assert answer["predictions"][0]["label"] == 7
    frames[1][1][0][2] = -1
    refused = client.post(f"/models/{model_id}/predict", json={"inputs": [frames]})
    assert refused.status_code == 422
    (error,) = refused.json()["errors"]
    assert (error["path"], error["message"]) == (
        "inputs.0.1.1.0.2",
        "count -1 is outside [0, 32767]",
    )


def test_files_download_by_kind(client: httpx.Client, model_id: str) -> None:
    (onnx,) = [
        file for file in client.get(f"/models/{model_id}").json()["files"] if file["kind"] == "onnx"
    ]
    answer = client.get(f"/models/{model_id}/files/onnx")

    assert hashlib.sha256(answer.content).hexdigest() == onnx["sha256"]
    assert answer.content == client.get(f"/artifacts/{onnx['artifact_id']}").content
    assert client.get(f"/models/{model_id}/files/graph").status_code == 404
    assert client.get(f"/models/{model_id}/files/pt2").status_code == 404
    wrong = client.get(f"/models/{model_id}/files/onx")
    assert (wrong.status_code, wrong.json()["errors"][0]["hint"]) == (422, "did you mean 'onnx'?")


def test_a_model_goes_with_its_run(client: httpx.Client, model_id: str) -> None:
    run_id = client.get(f"/models/{model_id}").json()["run_id"]
    assert client.delete(f"/runs/{run_id}").status_code == 204

    assert client.get(f"/models/{model_id}").status_code == 404
    assert client.get("/models").json()["items"] == []
