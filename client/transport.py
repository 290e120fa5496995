"""One HTTP exchange with the service: retries, back-off, and problem+json turned into errors."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, BinaryIO, cast

import httpx

from client.errors import (
    ConflictError,
    InputError,
    InvalidError,
    NotFoundError,
    ProblemError,
    ServerFailedError,
    ServerUnreachableError,
)
from client.wire import Problem

API = "/api/v1"
RETRIED_STATUS = frozenset({502, 503, 504})
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def problem_error(response: httpx.Response) -> ProblemError:
    """The error that a refused response stands for; the body must have been read."""
    try:
        problem = response.json()
    except ValueError:
        problem = None
    if not isinstance(problem, dict) or "detail" not in problem:
        problem = _stranger(response)
    kind: type[ProblemError] = InvalidError
    if response.status_code == httpx.codes.NOT_FOUND:
        kind = NotFoundError
    elif response.status_code == httpx.codes.CONFLICT:
        kind = ConflictError
    elif response.is_server_error or not response.is_client_error:
        kind = ServerFailedError
    return kind(cast(Problem, problem))


def _stranger(response: httpx.Response) -> Problem:
    """The problem of an answer that this service does not give."""
    return {
        "type": "about:blank",
        "title": response.reason_phrase,
        "status": response.status_code,
        "detail": f"{response.request.method} {response.request.url} answered "
        f"{response.status_code} {response.reason_phrase}, and not as this service does",
        "hint": "is another program at this address?",
        "errors": None,
        "request_id": "",
    }


def _parsed(response: httpx.Response) -> Any:
    if not response.content:
        return None
    try:
        return response.json()
    except ValueError as error:
        raise ServerFailedError(_stranger(response)) from error


class Transport:
    """Sends requests to one service, again where that is safe."""

    def __init__(
        self,
        url: str,
        *,
        retries: int = 4,
        backoff: float = 0.2,
        timeout: float = 30.0,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        try:
            parsed = httpx.URL(url)
        except httpx.InvalidURL as error:
            raise InputError(f"{url!r} is not an address of a service: {error}") from error
        if parsed.scheme not in ("http", "https") or not parsed.host:
            raise InputError(
                f"{url!r} is not an address of a service; it looks like http://127.0.0.1:8700"
            )
        self.url = url.rstrip("/")
        self._retries = retries
        self._backoff = backoff
        self._sleep = sleep
        # A proxy of the environment cannot reach this machine's own loopback.
        self._http = httpx.Client(
            base_url=self.url + API,
            timeout=httpx.Timeout(timeout, connect=5.0),
            trust_env=parsed.host not in LOOPBACK,
            transport=transport,
        )

    def close(self) -> None:
        """Close every connection."""
        self._http.close()

    def json(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: object = None,
        content: BinaryIO | None = None,
        key: str | None = None,
    ) -> Any:
        """The parsed answer of one exchange, None when it has no body; `key` makes a POST safe."""
        headers = {"Idempotency-Key": key} if key else {}
        given = {name: value for name, value in (params or {}).items() if value is not None}
        safe = method in ("GET", "HEAD", "PUT") or key is not None
        for pause in self._pauses():
            if content is not None:
                content.seek(0)
            try:
                response = self._http.request(
                    method,
                    path,
                    params=given,
                    headers=headers,
                    content=content,
                    json=body,
                )
            except httpx.TransportError as error:
                # A connection that was never made cannot have done anything.
                again = safe or isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
                if pause is None or not again:
                    raise self._unreachable(error) from error
            else:
                if response.is_success:
                    return _parsed(response)
                if pause is None or not safe or response.status_code not in RETRIED_STATUS:
                    raise problem_error(response)
            self._sleep(pause)
        raise AssertionError("the last try returns or raises")

    @contextmanager
    def stream(
        self, path: str, *, params: Mapping[str, Any], headers: Mapping[str, str], silence: float
    ) -> Iterator[httpx.Response]:
        """An open GET whose body is read as it comes; silent for `silence` seconds is an error."""
        given = {name: value for name, value in params.items() if value is not None}
        timeout = httpx.Timeout(silence, connect=5.0)
        try:
            with self._http.stream(
                "GET", path, params=given, headers=headers, timeout=timeout
            ) as response:
                if not response.is_success:
                    response.read()
                    raise problem_error(response)
                yield response
        except httpx.TransportError as error:
            raise self._unreachable(error) from error

    def _pauses(self) -> Iterator[float | None]:
        """How long to wait after each failed try; None after the last."""
        for number in range(self._retries):
            yield self._backoff * 2**number * random.uniform(0.8, 1.2)
        yield None

    def _unreachable(self, error: httpx.TransportError) -> ServerUnreachableError:
        reason = str(error) or type(error).__name__
        return ServerUnreachableError(self.url, reason)
