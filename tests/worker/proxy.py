"""A TCP proxy whose line can be cut or held, for outages that one process alone meets."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress


class Proxy:
    """Listens on a free port and passes everything to and from one address.

    A host that is a folder is a Postgres behind a Unix socket there, as in its own URLs.
    """

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._lines: list[socket.socket] = []
        self._cut = False
        self._flows = threading.Event()
        self._flows.set()
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Break every connection, and each new one as soon as it is made."""
        self._cut = True
        self._flows.set()
        for line in list(self._lines):
            _close(line)
        self._lines.clear()

    def hold(self) -> None:
        """Pass nothing on, and say nothing: what is sent meanwhile arrives once it is mended."""
        self._flows.clear()

    def mend(self) -> None:
        """Let everything through again."""
        self._cut = False
        self._flows.set()

    def close(self) -> None:
        """End the proxy."""
        self.cut()
        _close(self._listener)

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = None if self._cut else self._reach()
            if far is None:
                near.close()
                continue
            self._lines += [near, far]
            if self._cut:  # meanwhile
                self.cut()
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _reach(self) -> socket.socket | None:
        unix = self._host.startswith("/")
        far = socket.socket(socket.AF_UNIX if unix else socket.AF_INET)
        place = f"{self._host}/.s.PGSQL.{self._target}" if unix else (self._host, self._target)
        try:
            far.connect(place)
        except OSError:  # what is behind it is down
            far.close()
            return None
        return far

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                self._flows.wait()
                sink.sendall(data)
        for end in (source, sink):
            _close(end)


def _close(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
