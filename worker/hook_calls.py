"""One call of a webhook: signed, to addresses that were checked, over before a moment.

It is made on httpcore, the transport of httpx, because that lets a program choose the address
that is connected to: another look at the name could meet another answer than the one checked.
Redirects are not followed, and no proxy of the environment is used.
"""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import httpcore
import httpx

from server.errors import WebhookError
from server.storage.webhook_deliveries import Try
from server.webhooks.addresses import LookUp, callable_addresses, look_up
from server.webhooks.signing import headers

SNIPPET = 200
"""Bytes of an answer that are read: what went wrong, for a person."""

Option = tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call came to."""

    taken: bool
    said: str
    gone: bool = False
    """The receiver wants to hear no more of this."""


class Caller:
    """Calls webhooks; a call takes at most `seconds` beside the look-up of the name."""

    def __init__(
        self,
        *,
        private: bool,
        seconds: float,
        look_up: LookUp = look_up,
    ) -> None:
        self._private = private
        self._seconds = seconds
        self._look_up = look_up

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return httpx.create_ssl_context()

    def call(self, tried: Try) -> Answer:
        """Send one delivery; whatever goes wrong is in the answer."""
        try:
            addresses = callable_addresses(tried.url, private=self._private, look_up=self._look_up)
            return self._post(tried, addresses)
        except (
            WebhookError,
            OSError,
        ) as error:  # such as certificates that are not where they were
            return Answer(taken=False, said=f"not sent: {error}")
        except (httpcore.TimeoutException, httpcore.NetworkError) as error:
            return Answer(taken=False, said=f"no answer: {str(error) or type(error).__name__}")
        except (httpcore.ProtocolError, httpcore.UnsupportedProtocol) as error:
            return Answer(taken=False, said=f"no answer in HTTP: {error}")

    def _post(self, tried: Try, addresses: Sequence[str]) -> Answer:
        body = json.dumps(tried.payload, ensure_ascii=False, separators=(",", ":")).encode()
        url = httpx.URL(tried.url)
        sent = {
            "host": url.netloc.decode(),
            "content-type": "application/json",
            "user-agent": "realspike",
            **headers(
                tried.secret, message_id=tried.delivery_id, timestamp=int(time.time()), body=body
            ),
        }
        tls = self._tls  # the first time it reads certificates, which is not the receiver's time
        backend = CheckedBackend(addresses, time.monotonic() + self._seconds)
        with (
            httpcore.ConnectionPool(ssl_context=tls, network_backend=backend) as pool,
            pool.stream(
                "POST",
                httpcore.URL(
                    scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
                ),
                headers=list(sent.items()),
                content=body,
            ) as response,
        ):
            return _answer(response)


def _answer(response: httpcore.Response) -> Answer:
    status = response.status
    if 200 <= status < 300:
        return Answer(taken=True, said=str(status))
    if 300 <= status < 400:
        return Answer(taken=False, said=f"{status}: a redirect, which is not followed")
    said = _snippet(response)
    return Answer(
        taken=False, said=f"{status}: {said}" if said else str(status), gone=status == 410
    )


def _snippet(response: httpcore.Response) -> str:
    read = b""
    for chunk in response.iter_stream():
        read += chunk
        if len(read) >= SNIPPET:
            break
    return " ".join(read[:SNIPPET].decode("utf-8", "replace").split())


class CheckedBackend(httpcore.NetworkBackend):
    """Connects to the given addresses and no others; everything ends at one moment."""

    def __init__(self, addresses: Sequence[str], deadline: float) -> None:
        self._addresses = addresses
        self._deadline = deadline
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,  # noqa: ARG002  what it resolves to was looked up before
        port: int,
        timeout: float | None = None,  # noqa: ARG002
        local_address: str | None = None,
        socket_options: Iterable[Option] | None = None,
    ) -> httpcore.NetworkStream:
        """A connection to the first of the addresses that takes one."""
        *others, last = self._addresses
        for address in others:
            try:
                return self._connect(address, port, local_address, socket_options)
            except httpcore.ConnectError:
                continue
        return self._connect(last, port, local_address, socket_options)

    def _connect(
        self,
        address: str,
        port: int,
        local_address: str | None,
        socket_options: Iterable[Option] | None,
    ) -> httpcore.NetworkStream:
        left = seconds_left(self._deadline)
        stream = self._plain.connect_tcp(address, port, left, local_address, socket_options)
        return TimedStream(stream, self._deadline)


class TimedStream(httpcore.NetworkStream):
    """A connection whose every step ends at one moment, however slowly the other side answers."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        """What has come, once some has."""
        return self._stream.read(max_bytes, seconds_left(self._deadline))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        """Send all of it."""
        self._stream.write(buffer, seconds_left(self._deadline))

    def close(self) -> None:
        """End the connection."""
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        """The same connection, encrypted."""
        left = seconds_left(self._deadline)
        return TimedStream(
            self._stream.start_tls(ssl_context, server_hostname, left), self._deadline
        )

    def get_extra_info(self, info: str) -> object:
        """What is known about the connection."""
        return self._stream.get_extra_info(info)


def seconds_left(deadline: float) -> float:
    """Seconds until then; raises ReadTimeout when there are none."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("it took too long")
    return left
