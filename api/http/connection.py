"""One HTTP connection: the server's own, with an end to every wait and a limit to what a guest may hold.

A head (request line and headers) must be there within seconds and is bounded in size; a body must come at a least rate; an
answer must be read. An address has so many connections at most, and all together so many: where they are used up, the one
that has let us wait longest makes room, so that connections that say nothing never shut anybody out.

uvicorn has deadlines for idle connections only, and answers 503 to everybody once so many are open.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Limits:
    """What a connection may take."""

    connections: int = 2500
    """An open page holds two beside what it asks for: a stream of changes, and one of readings."""
    per_address: int = 2000
    """Behind a proxy all come from one address."""
    head_s: float = 10.0
    head_bytes: int = 32 * 1024
    body_s: float = 10.0
    body_bytes_per_s: int = 4096
    """What a body must come with after its first seconds."""
    unread_s: float = 20.0
    """How long an answer may lie unread."""


class MustRead(asyncio.Protocol):
    """What stands before a protocol of the server: a client that leaves what it is sent unread is let go."""

    loop: asyncio.AbstractEventLoop
    transport: Any
    limits: ClassVar[Limits] = Limits()
    _unread: asyncio.TimerHandle | None = None

    def pause_writing(self) -> None:
        """The client does not read."""
        super().pause_writing()
        self._unread = self.loop.call_later(self.limits.unread_s, self.transport.abort)

    def resume_writing(self) -> None:
        """It does again."""
        super().resume_writing()
        self._is_read()

    def connection_lost(self, exc: Exception | None) -> None:
        """The guest has gone."""
        self._is_read()
        super().connection_lost(exc)

    def _is_read(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None


class GuardedHttp(MustRead, HttpToolsProtocol):
    """HTTP/1.1 within :class:`Limits`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._timer: asyncio.TimerHandle | None = None
        self._is_in_head = False
        self._head_bytes = 0
        self._body_bytes = 0
        self._body_began_s = 0.0
        self._refusal = (HTTPStatus.BAD_REQUEST, "This is no HTTP request.")
        self.waits_since_s = 0.0

    @property
    def is_waiting(self) -> bool:
        """Whether nothing happens here but that we wait for the client."""
        return self.cycle is None or self.cycle.response_complete or self.cycle.more_body

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as its own base
        """A guest is there, if there is room."""
        super().connection_made(transport)
        self.waits_since_s = self.loop.time()
        self._await_head()
        if len(self.connections) <= min(self.limits.per_address, self.limits.connections):
            return
        others: list[Any] = [other for other in self.connections if other is not self]
        same = [other for other in others if other.client and self.client and other.client[0] == self.client[0]]
        if len(same) >= self.limits.per_address:
            self._make_room(same, "Your address has too many connections open; close some.")
        elif len(others) >= self.limits.connections:
            self._make_room(others, "Too many connections are open; try again soon.")

    def data_received(self, data: bytes) -> None:
        """Some bytes; a head that grows too long is not waited for."""
        super().data_received(data)
        if self._is_in_head:
            self._head_bytes += len(data)
            if self._head_bytes > self.limits.head_bytes:
                self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, self._too_long)

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._is_in_head = True
        self._head_bytes = 0
        if self._timer is None:
            self._await_head()

    def on_headers_complete(self) -> None:
        """The head is there; the body has its own time."""
        self._is_in_head = False
        size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        if size > self.limits.head_bytes:
            self._refusal = (HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, self._too_long)
            raise ValueError(self._too_long)  # the parser's caller answers by send_400_response
        self._body_bytes = 0
        self._body_began_s = self.loop.time()
        self._set_timer(self.limits.body_s, self._look_at_body)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        self._body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole."""
        self._set_timer(None)
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """From here on we wait for the next request."""
        self.waits_since_s = self.loop.time()
        super().on_response_complete()

    def handle_websocket_upgrade(self) -> None:
        """It goes on as another protocol, with deadlines of its own."""
        self._forget_timers()
        super().handle_websocket_upgrade()

    def send_400_response(self, msg: str) -> None:
        """What can't be read is refused with the sentence that fits."""
        del msg
        self._refuse(*self._refusal)

    def connection_lost(self, exc: Exception | None) -> None:
        """The guest has gone."""
        self._set_timer(None)
        super().connection_lost(exc)

    @property
    def _too_long(self) -> str:
        return f"Address and headers have at most {self.limits.head_bytes // 1024} KiB."

    def _make_room(self, others: Iterable[Any], sentence: str) -> None:
        """End the connection that has waited longest, or this one."""
        waiting = [one for one in others if isinstance(one, GuardedHttp) and one.is_waiting]
        if not waiting:
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, sentence)
            return
        longest = min(waiting, key=lambda one: one.waits_since_s)
        self.connections.discard(longest)  # at once: the transport tells later that it is lost
        longest.transport.abort()

    def _await_head(self) -> None:
        self._set_timer(self.limits.head_s, self._give_up_head)

    def _give_up_head(self) -> None:
        if self._is_in_head:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT, "The request's head did not come in time.")
        else:
            self.transport.close()

    def _look_at_body(self) -> None:
        """Go on while the body comes at the least rate, or waits for us."""
        limits = self.limits
        allowed_s = limits.body_s + self._body_bytes / limits.body_bytes_per_s
        left_s = allowed_s - (self.loop.time() - self._body_began_s)
        if left_s > 0 or self.flow.read_paused:
            self._set_timer(max(left_s, 1.0), self._look_at_body)
        else:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT, "The request's body did not come in time.")

    def _refuse(self, status: HTTPStatus, detail: str) -> None:
        """Answer with a problem where nothing was answered yet, and close."""
        self._forget_timers()
        is_begun = self.cycle is not None and self.cycle.response_started and not self.cycle.response_complete
        if not is_begun and not self.transport.is_closing():
            self.transport.write(_problem(status, detail))
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.transport.close()

    def _set_timer(self, after_s: float | None, call: Any = None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if after_s is None else self.loop.call_later(after_s, call)

    def _forget_timers(self) -> None:
        self._set_timer(None)
        self._is_read()


class GuardedWebSocket(MustRead, WebSocketsSansIOProtocol):
    """A WebSocket whose client must read what it is sent."""


def _problem(status: HTTPStatus, detail: str) -> bytes:
    """An answer of ours for what never reached the app."""
    document = {"type": "about:blank", "title": status.phrase, "status": status.value, "detail": detail}
    body = json.dumps(document).encode()
    retry = "retry-after: 5\r\n" if status == HTTPStatus.SERVICE_UNAVAILABLE else ""
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-type: application/problem+json\r\n"
        f"content-length: {len(body)}\r\n{retry}connection: close\r\n\r\n"
    )
    return head.encode("ascii") + body
