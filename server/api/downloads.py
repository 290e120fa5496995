"""Downloads of stored files: ETag, one byte range, SHA-256."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import BinaryIO
from urllib.parse import quote

from fastapi.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from server.api.errors import RangeError
from server.api.responses import Responses, problems
from server.storage.artifact_files import ArtifactFiles
from server.storage.models import Artifact

CHUNK = 1 << 18
_RANGE = re.compile(r"bytes=(\d*)-(\d*)", re.ASCII)
_CONTENT = {"*/*": {"schema": {"type": "string", "format": "binary"}}}

DOWNLOAD: Responses = {
    200: {"description": "The file.", "content": _CONTENT},
    206: {"description": "The range of the file that was asked for.", "content": _CONTENT},
    304: {"description": "The client has this file already (If-None-Match)."},
    **problems(404, 416, 422),
}


class StoredFileResponse(StreamingResponse):
    """Some bytes of an open file, which is closed when the client has them or is gone."""

    def __init__(
        self, file: BinaryIO, length: int, status: int, headers: Mapping[str, str], media_type: str
    ) -> None:
        super().__init__(_chunks(file, length), status, headers, media_type)
        self._file = file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the bytes."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._file.close()


def download(files: ArtifactFiles, artifact: Artifact, asked: Mapping[str, str]) -> Response:
    """The answer to a download with the request's headers; raises RangeError."""
    etag = f'"{artifact.sha256}"'
    headers = {
        "ETag": etag,
        "X-Content-SHA256": artifact.sha256,
        "Cache-Control": "private, no-cache",
        "Accept-Ranges": "bytes",
    }
    if _matches(asked.get("if-none-match", ""), etag):
        return Response(status_code=304, headers=headers)
    headers["Content-Disposition"] = f"attachment; filename*=utf-8''{quote(artifact.name)}"
    first, last = _range(asked, etag, artifact.size)
    partial = (first, last) != (0, artifact.size - 1)
    if partial:
        headers["Content-Range"] = f"bytes {first}-{last}/{artifact.size}"
    headers["Content-Length"] = str(last - first + 1)
    file = files.open(artifact.location)
    file.seek(first)
    return StoredFileResponse(
        file, last - first + 1, 206 if partial else 200, headers, artifact.media_type
    )


def _matches(if_none_match: str, etag: str) -> bool:
    tags = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return etag in tags or "*" in tags


def _range(asked: Mapping[str, str], etag: str, size: int) -> tuple[int, int]:
    """First and last byte to send; a range in a form that we do not know means the whole file."""
    found = _RANGE.fullmatch(asked.get("range", "").strip())
    if found is None or found.group() == "bytes=-" or asked.get("if-range", etag) != etag:
        return 0, size - 1
    start, end = found.groups()
    if not start:
        if int(end) == 0 or size == 0:
            raise RangeError(size)
        return max(0, size - int(end)), size - 1
    if int(start) >= size:
        raise RangeError(size)
    last = min(int(end), size - 1) if end else size - 1
    return (int(start), last) if int(start) <= last else (0, size - 1)


def _chunks(file: BinaryIO, length: int) -> Iterator[bytes]:
    while length > 0 and (chunk := file.read(min(CHUNK, length))):
        length -= len(chunk)
        yield chunk
