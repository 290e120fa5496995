"""One HTTP exchange with the service: retries, back-off, and problem+json turned into errors."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping
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
from client.patience import Patience
from client.wire import Problem

API = "/api/v1"
RETRIED_STATUS = frozenset({429, 502, 503, 504})
PATIENCE = 60.0
"""Seconds that a request is tried again: longer than a busy machine takes to start a server."""
PATIENCE_AT_FIRST = 5.0
"""The same while nothing has ever answered: a wrong address should be said soon."""
CONNECT_SECONDS = 5.0
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


def retry_after(response: httpx.Response) -> float:
    """Seconds that a refusing service asks to be left alone, 0 when it does not say."""
    asked = response.headers.get("retry-after", "")
    return float(asked) if asked.isdecimal() else 0.0


def _given(params: Mapping[str, Any] | None) -> dict[str, Any]:
    return {name: value for name, value in (params or {}).items() if value is not None}


class Transport:
    """Sends requests to one service, again where that is safe.

    A request that may be repeated is, for `patience` seconds after its first failure, or for at
    most PATIENCE_AT_FIRST of them while the service has never answered. `on_wait` is told that
    an answer is waited for.
    """

    def __init__(
        self,
        url: str,
        *,
        patience: float = PATIENCE,
        backoff: float = 0.2,
        timeout: float = 30.0,
        on_wait: Callable[[str], None] | None = None,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
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
        self._patience = patience
        self._backoff = backoff
        self._on_wait = on_wait
        self._sleep = sleep
        self._clock = clock
        self._answered = False
        self._waiting = False
        # A proxy of the environment cannot reach this machine's own loopback.
        self._http = httpx.Client(
            base_url=self.url + API,
            timeout=httpx.Timeout(timeout, connect=CONNECT_SECONDS),
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
        headers: Mapping[str, str] | None = None,
        key: str | None = None,
        again: bool = False,
        silence: float | None = None,
    ) -> Any:
        """The parsed answer of one exchange, None when it has no body.

        A POST is repeated when `key` makes it safe or `again` says that it is. `silence` is how
        long the service may work on the request, where that is longer than usual.
        """
        return _parsed(
            self._exchange(
                method,
                path,
                params=params,
                body=body,
                content=content,
                headers=headers,
                key=key,
                again=again,
                silence=silence,
            )
        )

    def text(self, path: str, *, params: Mapping[str, Any] | None = None) -> str:
        """The text that a GET answers."""
        return self._exchange("GET", path, params=params).text

    def _exchange(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: object = None,
        content: BinaryIO | None = None,
        headers: Mapping[str, str] | None = None,
        key: str | None = None,
        again: bool = False,
        silence: float | None = None,
    ) -> httpx.Response:
        again = again or key is not None or method in ("GET", "HEAD", "PUT")
        request: dict[str, Any] = {
            "params": _given(params),
            "headers": {**(headers or {}), **({"Idempotency-Key": key} if key else {})},
            "json": body,
        }
        if silence is not None:
            request["timeout"] = httpx.Timeout(silence, connect=CONNECT_SECONDS)
        patience = self.patience()
        while True:
            if content is not None:
                content.seek(0)
            try:
                response = self._http.request(method, path, content=content, **request)
            except httpx.TransportError as error:
                # A connection that was never made cannot have done anything.
                never_made = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
                if not (again or never_made) or not patience.pause():
                    raise self._unreachable(error) from error
                continue
            self._notice(response)
            if response.is_success:
                return response
            worth_it = again and response.status_code in RETRIED_STATUS
            if not worth_it or not patience.pause(retry_after(response)):
                raise problem_error(response)

    @contextmanager
    def stream(
        self,
        path: str,
        *,
        headers: Mapping[str, str],
        silence: float,
        params: Mapping[str, Any] | None = None,
        allowed: Collection[int] = (),
    ) -> Iterator[httpx.Response]:
        """An open GET whose body is read as it comes; silent for `silence` seconds is an error.

        An answer that is no success is one too, unless its status is among the `allowed`.
        """
        timeout = httpx.Timeout(silence, connect=CONNECT_SECONDS)
        try:
            with self._http.stream(
                "GET", path, params=_given(params), headers=headers, timeout=timeout
            ) as response:
                self._notice(response)
                if not response.is_success and response.status_code not in allowed:
                    response.read()
                    raise problem_error(response)
                yield response
        except httpx.TransportError as error:
            raise self._unreachable(error) from error

    def patience(self) -> Patience:
        """With the failures of one more request."""
        return Patience(
            self._seconds, first_pause=self._backoff, sleep=self._wait, clock=self._clock
        )

    def _seconds(self) -> float:
        return self._patience if self._answered else min(self._patience, PATIENCE_AT_FIRST)

    def say_waiting(self, seconds: float) -> None:
        """Tell `on_wait`, once for each time that the service is away."""
        if self._on_wait is not None and not self._waiting:
            self._on_wait(f"no answer from {self.url}; trying again for {seconds:g} s")
        self._waiting = True

    def _wait(self, seconds: float) -> None:
        self.say_waiting(self._seconds())
        self._sleep(seconds)

    def _notice(self, response: httpx.Response) -> None:
        # A 502 comes from a proxy, whether the service behind it exists or not.
        if not response.is_server_error:
            self._answered = True
            self._waiting = False

    def _unreachable(self, error: httpx.TransportError) -> ServerUnreachableError:
        reason = str(error) or type(error).__name__
        return ServerUnreachableError(self.url, reason)
