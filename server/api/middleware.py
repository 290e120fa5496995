"""The outermost layer: request ids, size limits, one log line a request, and the last resort."""

from __future__ import annotations

import math
import re
import time
import uuid

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.api.errors import HTTP, problem_response
from server.api.telemetry import Telemetry

LARGEST_BODY = 32 * 1024 * 1024
REQUEST_ID = "X-Request-ID"
_STREAMED = re.compile(r"/api/v1/(datasets|runs)/[^/]+/files/[^/]+")
"""Bodies that are written down as they arrive, and stopped at a size of their own."""

_GOOD_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

log = structlog.get_logger(__name__)


class RequestMiddleware:
    """Gives every request an id, and answers what nobody else answered."""

    def __init__(self, app: ASGIApp, telemetry: Telemetry) -> None:
        self.app = app
        self._telemetry = telemetry

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = _Request(scope, receive, send, self._telemetry)
        with structlog.contextvars.bound_contextvars(request_id=request.id):
            await request.answer(self.app)


class _Request:
    """One request on its way through the app."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, telemetry: Telemetry) -> None:
        self._scope, self._receive, self._send = scope, receive, send
        self._telemetry = telemetry
        self._began = time.perf_counter()
        headers = Headers(scope=scope)
        given = headers.get(REQUEST_ID, "")
        self.id = given if _GOOD_ID.fullmatch(given) else uuid.uuid4().hex
        self._length = headers.get("content-length", "")
        self._limit = math.inf if _STREAMED.fullmatch(scope["path"]) else LARGEST_BODY
        self._received = 0
        self._status = 0
        scope.setdefault("state", {})["request_id"] = self.id

    async def answer(self, app: ASGIApp) -> None:
        try:
            if self._length.isdecimal() and int(self._length) > self._limit:
                await self._refuse()
            else:
                await app(self._scope, self.receive, self.send)
        except ClientDisconnect:
            log.info("client gone", path=self._scope["path"])
        except Exception:  # the process's edge: logged here, nothing of it leaves
            log.exception("internal error", path=self._scope["path"])
            await self._fail()
        finally:
            log.info(
                "request",
                method=self._scope["method"],
                path=self._scope["path"],
                status=self._status,
                milliseconds=round(self._seconds() * 1000, 1),
            )

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self._received += len(message.get("body", b""))
            if self._received > self._limit:
                raise HTTPException(413, _too_large())
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._telemetry.answered(self._scope, status=self._status, seconds=self._seconds())
            MutableHeaders(scope=message)[REQUEST_ID] = self.id
        await self._send(message)

    def _seconds(self) -> float:
        return time.perf_counter() - self._began

    async def _refuse(self) -> None:
        response = problem_response(self.id, HTTP[413], _too_large())
        await response(self._scope, self._receive, self.send)

    async def _fail(self) -> None:
        if self._status:
            return  # too late to say anything else: the server closes the connection
        response = problem_response(
            self.id,
            HTTP[500],
            "something went wrong inside the service; it was logged under this request id",
            hint="tell your administrator the request id",
        )
        await response(self._scope, self._receive, self.send)


def _too_large() -> str:
    return f"the body is larger than {LARGEST_BODY // 1024**2} MiB; send it in parts"
