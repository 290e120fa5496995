"""A listening socket that whoever started the server keeps open while servers come and go.

This is systemd's protocol of socket activation: LISTEN_FDS sockets from descriptor 3 on, for the
process LISTEN_PID. Connections that come between two servers wait in the socket.
"""

from __future__ import annotations

import os
import socket

from server.errors import ServerError

FIRST_DESCRIPTOR = 3


def inherited_socket() -> socket.socket | None:
    """The socket that was handed to this process, or None when it has to make its own."""
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        return None
    count = os.environ.get("LISTEN_FDS", "")
    if count != "1":
        raise ServerError(f"LISTEN_FDS is {count!r}, but the server takes one socket; name one")
    try:
        handed = socket.socket(fileno=FIRST_DESCRIPTOR)
        listens = handed.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    except OSError as error:
        raise ServerError(f"what was handed over is not a socket: {error.strerror}") from error
    if not listens:
        handed.close()
        raise ServerError("the socket that was handed over does not listen; use ListenStream=")
    os.set_inheritable(FIRST_DESCRIPTOR, False)
    return handed
