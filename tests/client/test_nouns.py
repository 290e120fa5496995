"""Studies and models over HTTP: how many requests are made, and what is in them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from client.api import Client
from client.errors import InputError, NotFoundError

PREDICTION = {"label": 0, "name": "0", "probability": 1.0, "probabilities": [1.0]}


class Service:
    """Answers as the service does, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.bodies: list[Any] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(f"{request.method} {request.url.path.removeprefix('/api/v1')}")
        if request.method == "POST":
            self.bodies.append(json.loads(request.content))
            predictions = [PREDICTION] * len(self.bodies[-1]["inputs"])
            return httpx.Response(200, json={"model_id": "m", "predictions": predictions})
        if request.url.path.endswith("/certificate"):
            refused = [{"format": "nir", "reason": "NIR cannot express conv1: it has no pool"}]
            return httpx.Response(200, json={"certificate": {"refused": refused}})
        if request.url.path.endswith("/studies"):
            study = {"id": "stu_1", "name": "mine and yours"}
            return httpx.Response(200, json={"items": [study], "next_cursor": None, "total": 1})
        return httpx.Response(404, json={"detail": "there is none", "title": "t", "status": 404})

    def client(self) -> Client:
        return Client("http://service.test", transport=httpx.MockTransport(self))


def test_study_that_is_not_there_is_looked_for_in_one_page() -> None:
    service = Service()
    with pytest.raises(NotFoundError):
        service.client().studies.find("nope")
    assert service.asked == ["GET /studies/nope", "GET /studies"]


def test_study_is_found_by_a_name_that_is_no_id() -> None:
    service = Service()
    assert service.client().studies.find("mine and yours")["id"] == "stu_1"
    assert service.asked == ["GET /studies"]


@pytest.mark.parametrize(
    ("sample", "count", "sizes"),
    [
        ([[[0.0] * 28] * 28], 300, [256, 44]),
        ([[[[0] * 128] * 128] * 2] * 4, 15, [7, 7, 1]),
        ([[[0.0] * 1001] * 1000], 2, [1, 1]),
        (None, 0, []),
    ],
    ids=["small", "frames", "each too large", "none"],
)
def test_samples_go_in_bodies_that_the_service_takes(
    sample: Any, count: int, sizes: list[int]
) -> None:
    service = Service()
    assert len(service.client().models.predict("m", [sample] * count)) == count
    assert [len(body["inputs"]) for body in service.bodies] == sizes


@pytest.mark.parametrize(
    ("kind", "why"), [("nir", ": NIR cannot express conv1: it has no pool"), ("onx", "")]
)
def test_a_file_that_a_model_has_not_is_said_with_the_reason(
    tmp_path: Path, kind: str, why: str
) -> None:
    model: Any = {"id": "mod_1", "files": [{"kind": "onnx"}, {"kind": "folded"}]}
    with pytest.raises(InputError) as caught:
        Service().client().models.download(model, kind, tmp_path)
    assert str(caught.value) == (
        f"model mod_1 has no file of kind {kind!r}{why}; it has folded, onnx"
    )
