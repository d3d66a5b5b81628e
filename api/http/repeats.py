"""``Idempotency-Key`` on every POST: what is sent twice, because an answer was lost, is done once.

The key is the caller's own; what it stands for is method, path, query and body. Only what was done is kept: a request that was
refused, or failed, may be sent again. Answers with secrets are never kept: where one is made (``/users``, ``/login``), a key
means nothing, and the second try is told that the account is there already. A session knows its commands by their keys itself
(:mod:`alerts.remote.issuing`), so that a repeat is told how far the command has come.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.responses import Response

from alerts.errors import DeskError
from alerts.repeats.desk import Answer
from api.http.access import find_account
from api.http.problems import CLIENT_CLOSED_REQUEST, DESK_STATUS, Problem, respond

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from alerts.repeats.desk import Repeats

WITHOUT = ("/users", "/login", "/logout", "/commands")
KEPT_HEADERS = ("content-type", "etag", "location")
REPLAYED = "idempotency-replayed"


class RepeatedOnce:
    """Wraps the app."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        connection = HTTPConnection(scope) if scope["type"] == "http" else None
        key = None if connection is None else connection.headers.get("idempotency-key")
        if connection is None or key is None or scope["method"] != "POST" or scope["path"].endswith(WITHOUT):
            await self._app(scope, receive, send)
            return
        here = scope["app"].state.context
        try:
            account = await run_in_threadpool(find_account, connection, here)
            body = await _read(receive)
        except (Problem, HTTPException):
            await self._app(scope, receive, send)  # refused there, with the same sentence
            return
        if body is None:
            await Response(status_code=CLIENT_CLOSED_REQUEST)(scope, receive, send)
            return
        desk = here.desk.by(account.name).repeats
        try:
            first = await run_in_threadpool(desk.begin, key, _digest(scope, body))
        except DeskError as error:
            status = next(status for kind, status in DESK_STATUS if isinstance(error, kind))
            headers = {"retry-after": "5"} if status in {409, 503} else None
            await respond(connection, status, str(error), headers=headers)(scope, receive, send)
            return
        if first is not None:
            headers = {**first.headers, REPLAYED: "true"}
            await Response(first.body, status_code=first.status, headers=headers)(scope, receive, send)
            return
        await _do(self._app, desk, key, body, scope=scope, send=send)


async def _do(app: ASGIApp, desk: Repeats, key: str, body: bytes, *, scope: Scope, send: Send) -> None:
    """Do the request, and keep its answer before it is sent, where it was done."""
    messages: list[Message] = []
    asked = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def receive_again() -> Message:
        return next(asked, {"type": "http.disconnect"})

    async def keep(message: Message) -> None:
        messages.append(message)

    try:
        await app(scope, receive_again, keep)
    finally:
        answer = _answer(messages)
        is_done = answer is not None and 200 <= answer.status < 300
        if answer is not None and is_done:
            await run_in_threadpool(desk.finish, key, answer)
        else:
            await run_in_threadpool(desk.give_up, key)
        for message in messages:
            await send(message)


async def _read(receive: Receive) -> bytes | None:
    """The whole body, which is bounded before it comes here; ``None`` where who asked went away before it was whole."""
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            break
    return b"".join(parts)


def _digest(scope: Scope, body: bytes) -> str:
    """What the key stands for."""
    asked = b"\0".join([scope["path"].encode(), scope["query_string"], body])
    return hashlib.sha256(asked).hexdigest()


def _answer(messages: list[Message]) -> Answer | None:
    """The messages as one answer."""
    if not messages or messages[0]["type"] != "http.response.start":
        return None
    told = {name.decode("latin-1"): value.decode("latin-1") for name, value in messages[0]["headers"]}
    body = b"".join(message.get("body", b"") for message in messages[1:]).decode("utf-8", "replace")
    return Answer(messages[0]["status"], {name: told[name] for name in KEPT_HEADERS if name in told}, body)
