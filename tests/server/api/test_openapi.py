"""The OpenAPI document is complete, and the API keeps to it."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from server.main import create_app
from server.settings import Settings

METHODS = ("get", "post", "put", "patch", "delete")


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return create_app(Settings.model_construct()).openapi()


def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        f"{method} {path}": operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method in METHODS
    }


def test_every_operation_has_a_name_a_tag_and_a_summary(document: dict[str, Any]) -> None:
    found = operations(document)
    ids = [operation["operationId"] for operation in found.values()]

    assert len(set(ids)) == len(ids)
    assert {"list_runs", "create_study", "predict", "stream_events"} <= set(ids)
    known = {tag["name"] for tag in document["tags"]}
    for name, operation in found.items():
        assert len(operation["tags"]) == 1, name
        assert set(operation["tags"]) <= known, name
        assert operation["summary"], name
        assert operation["description"], name


def test_every_success_has_a_schema_and_every_error_is_a_problem(document: dict[str, Any]) -> None:
    for name, operation in operations(document).items():
        for status, response in operation["responses"].items():
            content = response.get("content", {})
            if status in ("204", "304"):
                assert not content, name
            elif status.startswith("2"):
                assert all(media["schema"] for media in content.values()), name
                assert content, name
            elif (name, status) != ("get /api/v1/ready", "503"):
                assert list(content) == ["application/problem+json"], (name, status)
        assert {"500", "503"} <= set(operation["responses"]), name
        if "requestBody" in operation:
            assert {"413", "422"} <= set(operation["responses"]), name
    assert "HTTPValidationError" not in document["components"]["schemas"]


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]

    def references(part: object) -> list[str]:
        if isinstance(part, dict):
            own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
            return own + [each for value in part.values() for each in references(value)]
        if isinstance(part, list):
            return [each for value in part for each in references(value)]
        return []

    assert {name.rpartition("/")[2] for name in references(document)} <= set(schemas)


def test_the_command_prints_the_same_bytes_in_every_process(document: dict[str, Any]) -> None:
    command = [sys.executable, "-m", "server.openapi"]
    printed = subprocess.run(command, capture_output=True, check=True, text=True).stdout

    assert printed == json.dumps(document, indent=2, ensure_ascii=False) + "\n"
