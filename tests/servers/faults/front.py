"""What stands before InfluxDB and may answer in its place: HTTP statuses, silence, slowness; it counts what it is asked.

Requests that no fault concerns are handed on unchanged. Writes are counted, and how many were open at once.
"""

from __future__ import annotations

import http.client
import select
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

WRITE = "/api/v2/write"


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered in InfluxDB's place."""

    status: int
    body: bytes = b'{"code":"unavailable","message":"made up"}'
    headers: tuple[tuple[str, str], ...] = ()
    sent: float = 1.0
    """How much of it is sent before the line falls silent, until the front is healed: 0 nothing, .5 its head."""


Fault = Callable[[int, bytes], Answer | None]
"""The number of a write since the fault began, and its body → what is answered; None hands it on."""


@dataclass
class Front:
    """Listens on ``port`` once entered."""

    server_port: int
    fault: Fault | None = None
    delay_s: float = 0.0
    """How long each write waits before it is looked at."""
    writes: int = 0
    bytes_written: int = 0
    open_writes_max: int = 0
    started_at: list[float] = field(default_factory=list)
    """When each write came."""
    _open_writes: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _healed: threading.Event = field(default_factory=threading.Event)
    _faulty: int = 0
    _server: ThreadingHTTPServer | None = None

    @property
    def port(self) -> int:
        """Where it listens."""
        assert self._server is not None
        return int(self._server.server_address[1])

    def __enter__(self) -> Self:
        front = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1

            def do_POST(self) -> None:
                front._handle(self)

            do_GET = do_POST  # noqa: N815 - the names are the library's

            def log_message(self, *_words: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._healed.set()
        assert self._server is not None
        self._server.shutdown()
        self._server.server_close()

    def harm(self, fault: Fault) -> None:
        """Begin to answer in InfluxDB's place; counts begin anew."""
        with self._lock:
            self.writes = self.bytes_written = self._faulty = 0
            self.started_at.clear()
            self.open_writes_max = self._open_writes
            self._healed.clear()
            self.fault = fault

    def heal(self) -> None:
        """Hand everything on again."""
        self.fault, self.delay_s = None, 0.0
        self._healed.set()

    def _handle(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("Content-Length", 0)))
        is_write = request.path.startswith(WRITE)
        if is_write:
            with self._lock:
                self.writes += 1
                self.bytes_written += len(body)
                self._open_writes += 1
                self.open_writes_max = max(self.open_writes_max, self._open_writes)
                self.started_at.append(time.monotonic())
        try:
            with suppress(OSError):  # who asked may have given up
                self._answer(request, body, is_write=is_write)
        finally:
            if is_write:
                with self._lock:
                    self._open_writes -= 1

    def _answer(self, request: BaseHTTPRequestHandler, body: bytes, *, is_write: bool) -> None:
        answer = None
        if is_write:
            if self.delay_s:
                self._healed.wait(self.delay_s)
            with self._lock:
                fault, number = self.fault, self._faulty
                self._faulty += 1
            answer = fault(number, body) if fault is not None else None
        if answer is None:
            answer = self._hand_on(request, body)
        if answer.sent:
            request.send_response(answer.status)
            for name, value in answer.headers:
                request.send_header(name, value)
            request.send_header("Content-Length", str(len(answer.body)))
            request.end_headers()
            request.wfile.flush()
        while answer.sent < 1 and not self._healed.wait(0.05):
            if select.select([request.connection], [], [], 0)[0]:
                return  # who asked has given up
        request.wfile.write(answer.body)
        request.wfile.flush()

    def _hand_on(self, request: BaseHTTPRequestHandler, body: bytes) -> Answer:
        """Ask InfluxDB; 503 where it is away."""
        upstream = http.client.HTTPConnection("127.0.0.1", self.server_port, timeout=60)
        try:
            headers = {name: value for name, value in request.headers.items() if name.lower() != "host"}
            upstream.request(request.command, request.path, body, headers)
            found = upstream.getresponse()
            kept = tuple(pair for pair in found.getheaders() if pair[0].lower() in {"content-type", "retry-after"})
            return Answer(found.status, found.read(), kept)
        except OSError:
            return Answer(503)
        finally:
            upstream.close()
