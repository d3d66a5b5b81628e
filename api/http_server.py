"""The HTTP server inside the service's event loop: bound before anything starts, so that a taken port is told at once."""

from __future__ import annotations

import contextlib
import socket
from typing import TYPE_CHECKING

import uvicorn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import FastAPI

GRACE_S = 3
CONNECTIONS_MAX = 1000


class ListenError(Exception):
    """The address can't be listened on; the text says why and what to do."""


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(512)
    except OSError as error:
        listening.close()
        raise ListenError(
            f"Can't listen on {host}:{port}: {error.strerror}; give another FETTLE_HTTP_LISTEN, such as 127.0.0.1:8081."
        ) from error
    return listening


class _Server(uvicorn.Server):
    """A server that leaves signals to the process that runs it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


class HttpServer:
    """Serves an app on a bound socket until asked to stop."""

    def __init__(self, app: FastAPI, listening: socket.socket) -> None:
        self._listening = listening
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            ws="websockets-sansio",
            limit_concurrency=CONNECTIONS_MAX,
            timeout_graceful_shutdown=GRACE_S,
        )
        self._server = _Server(config)

    async def run(self) -> None:
        """Serve until :meth:`request_stop`, then let open answers end for a few seconds."""
        await self._server.serve(sockets=[self._listening])

    def request_stop(self) -> None:
        """Ask :meth:`run` to end."""
        self._server.should_exit = True
