"""What routes declare in the OpenAPI document besides their success."""

from __future__ import annotations

from typing import Any

Responses = dict[int | str, dict[str, Any]]

_MEANING = {
    400: "The body is not JSON.",
    404: "There is no such thing.",
    409: "Not possible in the present state.",
    413: "The body is too large.",
    416: "The range lies outside the file.",
    422: "A field or parameter is wrong; `errors` names each.",
    500: "An internal error, logged under the request id.",
    503: "A store or the service cannot work right now.",
}


def problems(*statuses: int) -> Responses:
    """Declarations of problem+json answers with these statuses, besides 500 and 503."""
    return {
        status: {
            "description": _MEANING[status],
            "content": {
                "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
            },
        }
        for status in sorted({*statuses, 500, 503})
    }
