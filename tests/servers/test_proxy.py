"""The proxy itself: bytes pass unchanged, and each fault is what a socket sees."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.servers.proxy import Ending, Proxy

pytestmark = pytest.mark.servers
DATA = bytes(range(256)) * 64


@pytest.fixture
def echo_port() -> Iterator[int]:
    """A server that answers every byte with itself, one thread per connection."""
    listener = socket.create_server(("127.0.0.1", 0))

    def answer(line: socket.socket) -> None:
        with line, suppress(OSError):
            while data := line.recv(65536):
                line.sendall(data)

    def accept() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=answer, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


@pytest.fixture
def proxy(echo_port: int) -> Iterator[Proxy]:
    """A proxy before it."""
    with Proxy(echo_port) as proxy:
        yield proxy


def connect(proxy: Proxy) -> socket.socket:
    """A client's end of a new connection."""
    return socket.create_connection(("127.0.0.1", proxy.port), timeout=10)


def ask(line: socket.socket, data: bytes = DATA) -> bytes:
    """What comes back, as much as was sent."""
    line.sendall(data)
    found = b""
    while len(found) < len(data) and (piece := line.recv(65536)):
        found += piece
    return found


def read_to_the_end(line: socket.socket) -> None:
    """Read until the other side ends."""
    while line.recv(65536):
        pass


def test_without_faults_bytes_pass(proxy: Proxy) -> None:
    """Every byte passes in both directions, on several connections."""
    with connect(proxy) as first, connect(proxy) as second:
        assert ask(first) == ask(second) == DATA

    assert proxy.connections == 2
    assert proxy.to_server.passed == proxy.to_client.passed == 2 * len(DATA)


def test_slices_and_latency_keep_the_order(proxy: Proxy) -> None:
    """Sliced and delayed bytes arrive later and unchanged."""
    proxy.to_server.slice_bytes = 1000
    proxy.to_client.latency_s = 0.1
    started = time.monotonic()

    with connect(proxy) as line:
        assert ask(line) == DATA

    assert time.monotonic() - started >= 0.1


def test_a_narrow_line_takes_its_time(proxy: Proxy) -> None:
    """Bytes pass no faster than the line."""
    proxy.to_server.bytes_per_s = len(DATA) * 4
    started = time.monotonic()

    with connect(proxy) as line:
        assert ask(line) == DATA

    assert time.monotonic() - started >= 0.25


def test_a_stalled_connection_stays_open(proxy: Proxy) -> None:
    """In a stall nothing arrives and nothing ends; healed, everything arrives."""
    with connect(proxy) as line:
        proxy.stall()
        line.settimeout(0.2)
        line.sendall(DATA)
        with pytest.raises(TimeoutError):
            line.recv(1)

        proxy.heal()
        line.settimeout(10)
        assert ask(line, b"end")[:3] == DATA[:3]


@pytest.mark.parametrize("ending", Ending)
def test_a_connection_ends_after_so_many_bytes(proxy: Proxy, ending: Ending) -> None:
    """A cut is an end of file behind the last byte that passed, a reset an error."""
    proxy.to_client.end_after, proxy.to_client.ending = 10, ending

    with connect(proxy) as line:
        line.sendall(DATA)
        if ending is Ending.CUT:
            assert line.recv(65536) + line.recv(65536) == DATA[:10]
        else:
            with pytest.raises(ConnectionResetError):
                read_to_the_end(line)
    with connect(proxy) as line:
        assert ask(line) == DATA


def test_all_connections_can_be_ended_and_refused(proxy: Proxy) -> None:
    """A reset ends what is open, and a refusing proxy lets nobody in until it is healed."""
    with connect(proxy) as line:
        assert ask(line) == DATA
        proxy.is_refusing = True
        proxy.reset()
        with pytest.raises(ConnectionResetError):
            line.recv(1)
    with pytest.raises(ConnectionError), connect(proxy) as line:
        read_to_the_end(line)

    proxy.heal()
    with connect(proxy) as line:
        assert ask(line) == DATA
