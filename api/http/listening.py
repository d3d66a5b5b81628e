"""The address that HTTP is served at: bound before anything else is opened, so that a taken port is told at once."""

from __future__ import annotations

import socket

UNHEARD_MS = 30_000
UNSENT_BYTES = 256 * 1024


class ListenError(Exception):
    """The address can't be listened on; the text says why and what to do."""


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Accepted sockets inherit it; without it every answer on a connection kept alive waits 40 ms for the client's ack.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # A peer that is gone, or reads nothing, is given up; what lies unsent for it stays small.
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNHEARD_MS)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, UNSENT_BYTES)
        listening.bind((host, port))
        listening.listen(512)
    except OSError as error:
        listening.close()
        raise ListenError(
            f"Can't listen on {host}:{port}: {error.strerror}; give another FETTLE_HTTP_LISTEN, such as 127.0.0.1:8081."
        ) from error
    return listening


def url_of(listening: socket.socket) -> str:
    """Where a listening socket is reached."""
    host, port = listening.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"
