"""Bodies that are files: taken as they arrive, so that none has to fit into memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from fastapi import Request

PIECE = 1 << 20
"""Bytes that are written at a time."""


def raw_body(description: str) -> dict[str, Any]:
    """What a route's OpenAPI document says of a body that is the file itself."""
    content = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
    return {"requestBody": {"required": True, "description": description, "content": content}}


async def pieces(request: Request) -> AsyncIterator[bytes]:
    """The body, gathered into larger pieces."""
    gathered = bytearray()
    async for chunk in request.stream():
        gathered += chunk
        if len(gathered) >= PIECE:
            yield bytes(gathered)
            gathered.clear()
    yield bytes(gathered)
