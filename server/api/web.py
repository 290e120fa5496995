"""The web page at /: the built files, or a small page that says how to build them."""

from __future__ import annotations

from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

BUILT = Path(__file__).parents[2] / "web" / "dist"

HOW_TO_BUILD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>realspike</title></head>
<body style="font-family: system-ui, sans-serif; max-width: 40rem; margin: 4rem auto">
<h1>realspike is running</h1>
<p>The web page is not built yet. Build it with <code>make web</code> and reload.</p>
<p>The API is at <a href="/api/v1/info">/api/v1</a>; its description is at
<a href="/api/v1/openapi.json">/api/v1/openapi.json</a>.</p>
</body></html>
"""


def web_page(folder: Path) -> ASGIApp:
    """An app for every path that is no route of the API."""
    return _Outside(_Built(directory=folder) if (folder / "index.html").is_file() else _not_built)


class _Outside:
    """Keeps unknown paths of the API an error."""

    def __init__(self, page: ASGIApp) -> None:
        self._page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] == "/api" or scope["path"].startswith("/api/"):
            raise HTTPException(404)
        if scope["method"] not in ("GET", "HEAD"):
            raise HTTPException(405, headers={"Allow": "GET, HEAD"})
        await self._page(scope, receive, send)


class _Built(StaticFiles):
    """The built files; a path without a file is a view of the page, so it gets the page."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        try:
            response = await super().get_response(path, scope)
        except HTTPException as error:
            if error.status_code != 404 or path.startswith("assets/"):
                raise
            path, response = "index.html", await super().get_response("index.html", scope)
        hashed = path.startswith("assets/")
        response.headers["Cache-Control"] = (
            "public, max-age=31536000, immutable" if hashed else "no-cache"
        )
        return response


async def _not_built(scope: Scope, receive: Receive, send: Send) -> None:
    response = HTMLResponse(HOW_TO_BUILD, headers={"Cache-Control": "no-cache"})
    await response(scope, receive, send)
