"""The HTTP server on a socket that is bound already, and what it serves; loaded after the rest, because it is large."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import uvicorn

from api.http.app import make_app
from api.http.connection import GuardedHttp, GuardedWebSocket

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

    from fastapi import FastAPI

    from api.http.context import Context

GRACE_S = 3
HEARD_BYTES_MAX = 4096
"""What a page may say on a WebSocket; nothing is expected."""


class _Server(uvicorn.Server):
    """A server that leaves signals to the process that runs it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


class HttpServer:
    """Serves an app on a bound socket until asked to stop."""

    def __init__(
        self,
        app: FastAPI,
        listening: socket.socket,
        *,
        connection: type[GuardedHttp] = GuardedHttp,
        grace_s: int = GRACE_S,
    ) -> None:
        """``grace_s``: how long open answers may take to end."""
        self._listening = listening
        config = uvicorn.Config(
            app,
            http=connection,
            log_config=None,
            log_level="error",  # what guests send that is no HTTP is refused, and fills no log
            access_log=False,
            lifespan="off",
            server_header=False,
            ws=GuardedWebSocket,
            ws_max_size=HEARD_BYTES_MAX,
            ws_per_message_deflate=False,  # a reading is a hundred bytes, and each page would cost the memory of a window
            timeout_graceful_shutdown=grace_s,
        )
        self._server = _Server(config)

    async def run(self) -> None:
        """Serve until :meth:`request_stop`, let open answers end for a few seconds, and then let nobody hang on."""
        await self._server.serve(sockets=[self._listening])
        for connection in [
            *self._server.server_state.connections
        ]:  # who came while the others were sent away, or would not go
            if (transport := connection.transport) is not None:
                transport.abort()
        await asyncio.sleep(0)  # a turn in which their sockets are closed

    def request_stop(self) -> None:
        """Ask :meth:`run` to end."""
        self._server.should_exit = True


async def serve_until(context: Context, listening: socket.socket, stopping: asyncio.Event) -> None:
    """Serve the app over a context until asked to stop; open streams end with it."""
    app = make_app(context)
    server = HttpServer(app, listening)
    serving = asyncio.create_task(server.run(), name="http")
    stop = asyncio.create_task(stopping.wait())
    try:
        await asyncio.wait({serving, stop}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        context.is_closing.set()
        app.state.change_news.wake()
        stop.cancel()
        server.request_stop()
        await serving
