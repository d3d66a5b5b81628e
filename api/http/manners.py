"""What every path does as HTTP asks for: HEAD, 304, and parameters that are empty.

An empty parameter (``?kind=``) is absent. HEAD answers as GET does, without the body; who holds the present version of a
thing (``If-None-Match``) gets 304. A document without a version of its own has the digest of its bytes for one.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

ENDLESS = "/events"
"""A stream has no length and no version: HEAD is not answered for it."""


class Manners:
    """Wraps the app."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        if any(not value for _, value in query):
            scope = {**scope, "query_string": urlencode([(k, v) for k, v in query if v]).encode("ascii")}
        if scope["type"] == "websocket" or scope["method"] not in {"GET", "HEAD"} or scope["path"].endswith(ENDLESS):
            await self._app(scope, receive, send)
            return
        answer = _Answer(send, is_head=scope["method"] == "HEAD", held=_held(scope))
        await self._app({**scope, "method": "GET"}, receive, answer.send)


class _Answer:
    """Passes an answer on, or only its head; a document in one piece gets a version."""

    def __init__(self, send: Send, *, is_head: bool, held: frozenset[str]) -> None:
        self._send = send
        self._is_bare = is_head
        self._held = held
        self._start: Message | None = None

    async def send(self, message: Message) -> None:
        """One part of the answer."""
        if message["type"] == "http.response.start":
            if _needs_version(message):
                self._start = message
            else:
                await self._begin(message)
            return
        if self._start is not None:
            start, self._start = self._start, None
            if not message.get("more_body", False):
                tag = hashlib.blake2b(message.get("body", b""), digest_size=12).hexdigest()
                start = {**start, "headers": [*start["headers"], (b"etag", f'W/"{tag}"'.encode())]}
            await self._begin(start)
        await self._send({**message, "body": b""} if self._is_bare else message)

    async def _begin(self, message: Message) -> None:
        """The head, which is 304 where the caller holds this version."""
        tag = _header(message, b"etag").removeprefix("W/")
        if message["status"] == 200 and tag and ({tag, "*"} & self._held):
            kept = [pair for pair in message["headers"] if pair[0] not in {b"content-length", b"content-type"}]
            message = {**message, "status": 304, "headers": kept}
            self._is_bare = True
        await self._send(message)


def _needs_version(message: Message) -> bool:
    """Whether it is the head of a document that has no version of its own."""
    is_document = _header(message, b"content-type").startswith("application/json")
    return message["status"] == 200 and is_document and not _header(message, b"etag")


def _header(message: Message, name: bytes) -> str:
    """A header of an answer."""
    value: bytes = dict(message["headers"]).get(name, b"")
    return value.decode("latin-1")


def _held(scope: Scope) -> frozenset[str]:
    """The versions that the caller holds."""
    value = dict(scope["headers"]).get(b"if-none-match", b"").decode("latin-1")
    return frozenset(tag.strip().removeprefix("W/") for tag in value.split(",") if tag.strip())
