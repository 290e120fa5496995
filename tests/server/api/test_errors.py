from __future__ import annotations

from typing import Any

import httpx
import pytest
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from server.api.middleware import LARGEST_BODY
from server.storage import runs
from tests.server.api.conftest import LiveServer


@pytest.fixture
def client(shared: LiveServer) -> httpx.Client:
    return shared.client


def problem(answer: httpx.Response, status: int, slug: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["type"] == f"/problems/{slug}"
    assert body["status"] == status
    assert body["request_id"] == answer.headers["X-Request-ID"]
    return body


def test_every_wrong_field_has_path_message_and_hint(client: httpx.Client) -> None:
    body = {
        "naem": "x",
        "spec": {"lrr": 1, "decay": 4, "dataset": "digit", "epochs": 0},
        "tags": [3],
    }
    errors = problem(client.post("/runs", json=body), 422, "request-invalid")["errors"]

    by_path = {error["path"]: (error["message"], error.get("hint")) for error in errors}
    assert by_path["naem"] == ("unknown field 'naem'", "did you mean 'name'?")
    assert by_path["spec.lrr"] == ("unknown field 'lrr'", "did you mean 'lr'?")
    assert "less than or equal to 1" in by_path["spec.decay"][0]
    assert "greater than or equal to 1" in by_path["spec.epochs"][0]
    assert "'digits', 'mnist', 'fashion-mnist', " in by_path["spec.dataset"][0]
    assert by_path["spec.dataset"][1] == "did you mean 'digits'?"
    assert "got 3" in by_path["tags.0"][0]


def test_fields_that_do_not_fit_together_say_so(client: httpx.Client) -> None:
    body = {"spec": {"network": "resnet20"}}
    errors = problem(client.post("/runs", json=body), 422, "request-invalid")["errors"]

    assert errors[0]["path"] == "spec"
    assert "use network small-conv" in errors[0]["message"]


def test_study_documents_name_their_own_fields(client: httpx.Client) -> None:
    body = {"name": "s", "metric": {"gaol": "maximize"}, "parameters": {"lr": {"valeus": [1]}}}
    errors = problem(client.post("/studies", json=body), 422, "request-invalid")["errors"]

    assert {(error["path"], error["hint"]) for error in errors} == {
        ("metric.gaol", "did you mean 'goal'?"),
        ("parameters.lr.valeus", "did you mean 'values'?"),
    }


def test_wrong_query_parameters_are_named(client: httpx.Client) -> None:
    answer = client.get("/runs", params={"limit": 0, "status": "done"})
    errors = problem(answer, 422, "request-invalid")["errors"]

    assert {error["path"] for error in errors} == {"limit", "status.0"}


def test_a_mistyped_choice_is_answered_with_the_nearest(client: httpx.Client) -> None:
    answer = client.get("/runs", params={"status": "runing"})
    (error,) = problem(answer, 422, "request-invalid")["errors"]

    assert error["message"].startswith("'runing' is not one of 'queued', 'running', ")
    assert error["hint"] == "did you mean 'running'?"


@pytest.mark.parametrize(
    ("filter_text", "message", "hint"),
    [
        ("metric.test_acc > 1", "at character 1: unknown field", "metrics.test_acc"),
        ("lr > 1", "at character 1: unknown field 'lr'", "spec.lr"),
        ("status = 'succeded'", "at character 10", "did you mean 'succeeded'?"),
    ],
)
def test_filters_point_at_the_place(
    client: httpx.Client, filter_text: str, message: str, hint: str
) -> None:
    answer = client.get("/runs", params={"filter": filter_text})
    body = problem(answer, 422, "filter-invalid")

    assert message in body["errors"][0]["message"]
    assert hint in body["errors"][0]["hint"]


def test_a_study_over_the_limit_is_counted(client: httpx.Client) -> None:
    body = problem(client.post("/studies", json={"name": "s", "seeds": 1001}), 422, "study-invalid")

    assert "1001 runs, the limit is 1000" in body["detail"]


@pytest.mark.parametrize("content", [b"{", b"\xff", b'{"spec": ', b"[" * 100_000])
def test_what_is_no_json_is_a_bad_request(client: httpx.Client, content: bytes) -> None:
    answer = client.post("/runs", content=content, headers={"Content-Type": "application/json"})

    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b'"x"'])
def test_json_that_is_no_object_says_so(client: httpx.Client, content: bytes) -> None:
    answer = client.post("/runs", content=content, headers={"Content-Type": "application/json"})
    body = problem(answer, 422, "request-invalid")

    assert "Content-Type: application/json" in body["errors"][0]["hint"]


@pytest.mark.parametrize(
    "text", ["\\ud800", "\\u0000", "\\u001b"], ids=["surrogate", "nul", "escape"]
)
def test_text_that_cannot_be_stored_is_refused(client: httpx.Client, text: str) -> None:
    for body in (
        f'{{"name": "{text}", "spec": {{}}}}',
        f'{{"spec": {{}}, "tags": ["{text}"]}}',
        f'{{"spec": {{"{text}": 1}}}}',
        f'{{"spec": {{"dataset": "{text}"}}}}',
    ):
        answer = client.post("/runs", content=body, headers={"Content-Type": "application/json"})
        problem(answer, 422, "request-invalid")


def test_numbers_that_are_none_are_refused(client: httpx.Client) -> None:
    for number in ("NaN", "Infinity", "1e999"):
        body = f'{{"spec": {{"lr": {number}}}}}'
        answer = client.post("/runs", content=body, headers={"Content-Type": "application/json"})
        problem(answer, 422, "request-invalid")


def test_unknown_paths_and_methods_are_problems(client: httpx.Client) -> None:
    assert "GET /api/v1/openapi.json" in problem(client.get("/nothing"), 404, "not-found")["hint"]
    answer = client.put("/runs")
    problem(answer, 405, "method-not-allowed")
    assert set(answer.headers["Allow"].split(", ")) <= {"GET", "POST"}
    problem(client.get("/runs/run_none"), 404, "not-found")
    problem(client.get("/runs/run none"), 422, "request-invalid")


def test_large_bodies_are_refused_by_their_header_and_by_their_length(
    client: httpx.Client,
) -> None:
    large = b"x" * (LARGEST_BODY + 1)
    headers = {"Content-Type": "application/json"}
    problem(client.post("/runs", content=large, headers=headers), 413, "too-large")
    chunks = (large[start : start + 2**20] for start in range(0, len(large), 2**20))
    problem(client.post("/runs", content=chunks, headers=headers), 413, "too-large")


def test_a_given_request_id_is_kept_and_a_bad_one_is_not(client: httpx.Client) -> None:
    assert client.get("/health", headers={"X-Request-ID": "a-1"}).headers["X-Request-ID"] == "a-1"
    made = client.get("/health", headers={"X-Request-ID": "a b"}).headers["X-Request-ID"]
    assert made != "a b"


def test_an_internal_error_is_logged_and_says_nothing_of_itself(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a secret of the inside")

    monkeypatch.setattr(runs, "get_run", broken)
    with capture_logs(processors=[merge_contextvars]) as logged:
        body = problem(client.get("/runs/run_1"), 500, "internal")

    assert "secret" not in str(body)
    (entry,) = [entry for entry in logged if entry["event"] == "internal error"]
    assert entry["request_id"] == body["request_id"]
    assert entry["exc_info"]


def test_a_database_that_is_away_is_unavailable(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from server.errors import StorageUnavailableError

    def away(*_: object, **__: object) -> None:
        raise StorageUnavailableError("the database cannot be reached; check that it runs")

    monkeypatch.setattr(runs, "get_run", away)
    body = problem(client.get("/runs/run_1"), 503, "storage-unavailable")

    assert "check that it runs" in body["detail"]
