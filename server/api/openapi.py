"""The OpenAPI document: complete, and the same bytes for the same code."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from server.api.schemas import Problem

REF = "#/components/schemas/{model}"
TAGS = [
    {"name": "runs", "description": "One training each."},
    {"name": "comparisons", "description": "Groups of runs, what differs, curves side by side."},
    {"name": "metrics", "description": "What was measured, by optimiser step."},
    {"name": "studies", "description": "Many runs from one document, and their table."},
    {"name": "experiments", "description": "Names under which studies and runs stand together."},
    {"name": "models", "description": "Folded models with their certificates."},
    {"name": "artifacts", "description": "Stored files."},
    {"name": "datasets", "description": "What specs may train on, and who has it."},
    {"name": "workers", "description": "Processes that train."},
    {
        "name": "webhooks",
        "description": "Addresses that are told when a study ends or a run fails.",
    },
    {"name": "events", "description": "What changes, live."},
    {"name": "system", "description": "The service itself."},
]


def document(app: FastAPI) -> dict[str, Any]:
    """The app's OpenAPI document, with Problem in place of FastAPI's own errors."""
    if app.openapi_schema is None:
        schema = get_openapi(
            title=app.title,
            version=app.version,
            summary=app.summary,
            routes=app.routes,
            tags=TAGS,
            license_info={"name": "MIT", "identifier": "MIT"},
        )
        models = schema.setdefault("components", {}).setdefault("schemas", {})
        problem = Problem.model_json_schema(ref_template=REF)
        models.update(problem.pop("$defs", {}))
        models["Problem"] = problem
        schema["components"]["schemas"] = dict(sorted(models.items()))
        app.openapi_schema = schema
    return app.openapi_schema
