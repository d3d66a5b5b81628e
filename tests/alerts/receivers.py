"""Receivers: two that only remember; two small real ones on the loopback, one that answers as it is told, one that drips."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer

from alerts.notices.notice import Notice

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


class FakeTarget:
    """A receiver that answers as it is told, then takes everything; it remembers what it was asked and what it took."""

    def __init__(self, *answers: Exception | None, name: str = "fake") -> None:
        """Answer so, in turn."""
        self.name = name
        self.answers = list(answers)
        self.tried: list[Notice] = []
        self.taken: list[Notice] = []

    def deliver(self, notice: Notice) -> None:
        """Take it or not."""
        self.tried.append(notice)
        answer = self.answers.pop(0) if self.answers else None
        if answer is not None:
            raise answer
        self.taken.append(notice)


class Picky(FakeTarget):
    """A receiver whose answer depends on the notice."""

    def __init__(self, judge: Callable[[Notice], Exception | None], name: str = "picky") -> None:
        """Judge each notice so."""
        super().__init__(name=name)
        self.judge = judge

    def deliver(self, notice: Notice) -> None:
        """Take it or not."""
        self.answers = [self.judge(notice)]
        super().deliver(notice)


class Receiver(HTTPServer):
    """Answers each request with the next of its statuses, then 200."""

    def __init__(self, statuses: list[int], headers: Mapping[str, str], body: bytes) -> None:
        """Listen on a free port of the loopback."""
        super().__init__(("127.0.0.1", 0), _Handler)
        self.statuses = statuses
        self.headers = headers
        self.body = body
        self.paths: list[str] = []
        self.requests: list[tuple[dict[str, str], bytes]] = []

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        """Remember the request and answer."""
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.requests.append((dict(self.headers.items()), body))
        self.server.paths.append(self.path)
        self.send_response(self.server.statuses.pop(0) if self.server.statuses else 200)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


@contextmanager
def receiving(*statuses: int, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Iterator[Receiver]:
    """A receiver in a thread of its own."""
    server = Receiver(list(statuses), headers or {}, body)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass(slots=True)
class Dripping:
    """Sends its answer byte by byte, one each ``every_s``, until it is through, nobody listens, or it is told to stop.

    ``at_once`` goes before it in one piece.
    """

    answer: bytes
    every_s: float
    at_once: bytes = b""
    stop: threading.Event = field(default_factory=threading.Event)
    listening: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    bytes_sent: int = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.listening.getsockname()[1]}/"

    def serve(self) -> None:
        """Take one connection after the other."""
        while not self.stop.is_set():
            try:
                connection, _ = self.listening.accept()
            except OSError:
                return
            with connection:
                self._drip(connection)

    def _drip(self, connection: socket.socket) -> None:
        connection.sendall(self.at_once)
        for byte in self.answer:
            if self.stop.wait(self.every_s):
                return
            try:
                connection.sendall(bytes([byte]))
            except OSError:
                return
            self.bytes_sent += 1
        self.stop.wait(5)  # keep the connection open: the end of the answer is not the end of the line


@contextmanager
def dripping(answer: bytes, every_s: float = 0.01, *, at_once: bytes = b"") -> Iterator[Dripping]:
    """A dripping receiver in a thread of its own."""
    receiver = Dripping(answer, every_s, at_once)
    thread = threading.Thread(target=receiver.serve)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.stop.set()
        receiver.listening.shutdown(socket.SHUT_RDWR)
        thread.join()
        receiver.listening.close()
