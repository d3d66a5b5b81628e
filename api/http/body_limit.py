"""A limit on what a request may carry; more is not read, and answered as a problem."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection

from api.http.problems import respond

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY_BYTES = 256 * 1024
MAX_FILE_BYTES = 32 * 1024 * 1024
FILE_PATHS = re.compile(r"/api/v1/[a-z]+/import")
"""Where a whole file is handed in, by people who have shown who they are."""


class BodyLimit:
    """ASGI middleware that refuses bodies beyond :data:`MAX_BODY_BYTES`, announced or not."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse by the announced length, else by what has come."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        longest = MAX_FILE_BYTES if FILE_PATHS.fullmatch(scope["path"]) else MAX_BODY_BYTES
        too_large = f"A request carries at most {longest // 1024} KiB here."
        announced = connection.headers.get("content-length", "0")
        if announced.isdecimal() and int(announced) > longest:
            await respond(connection, 413, too_large, headers={"connection": "close"})(scope, receive, send)
            return
        received = 0

        async def receive_some() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > longest:
                raise HTTPException(413, too_large)  # inside the app, where it becomes a problem
            return message

        await self._app(scope, receive_some, send)
