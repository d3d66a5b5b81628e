"""A cheap publisher in a process of its own: pre-encoded frames at QoS 1 over one or many connections, as fast as it may.

``python -m benchmarks.publisher PORT COUNT CONNECTIONS``. An appliance's messages go over one connection, so that they stay in
their order. Says that it is ready, begins at the first line on its input, and ends when all is acknowledged.
"""

from __future__ import annotations

import json
import resource
import selectors
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import mqtt5

from benchmarks.mosquitto import FEEDER
from benchmarks.workload import messages
from ingest.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_WINDOW_ALONE = 1_000
_WINDOW_EACH = 20


@dataclass(slots=True)
class _Line:
    """One connection: what is to be sent, in windows."""

    socket: socket.socket
    frames: list[bytes] = field(default_factory=list)
    sent: int = 0
    acknowledged_bytes: int = 0


@contextmanager
def publisher(port: int, count: int, connections: int = 1) -> Iterator[Callable[[], float]]:
    """The process, ready; what is given begins, waits for the end, and returns the seconds."""
    command = [sys.executable, "-m", "benchmarks.publisher", str(port), str(count), str(connections)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        put, get = process.stdin, process.stdout

        def publish() -> float:
            put.write("\n")
            put.flush()
            return float(json.loads(get.readline())["wall_s"])

        try:
            if not get.readline():
                raise RuntimeError("the publisher ended early; see above")
            yield publish
        finally:
            process.kill()


def main(port: int, count: int, connections: int) -> None:
    """Connect, encode, wait, publish, tell."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    lines = [_Line(_connect(port, number)) for number in range(connections)]
    for topic, payload in messages(count, start_ms=SystemClock().now_ms()):
        line = lines[int(topic[-15:-10]) % connections]
        packet_id = len(line.frames) % 65535 + 1
        frame = mqtt5.PublishPacket(topic, payload, qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=packet_id)
        line.frames.append(frame.write())
    print("{}", flush=True)
    sys.stdin.readline()
    started = time.perf_counter()
    _publish([line for line in lines if line.frames], _WINDOW_ALONE if connections == 1 else _WINDOW_EACH)
    print(json.dumps({"wall_s": time.perf_counter() - started}), flush=True)


def _connect(port: int, number: int) -> socket.socket:
    made = socket.create_connection(("127.0.0.1", port))
    packet = mqtt5.ConnectPacket(
        f"feeder-{number}", username=FEEDER[0], password=FEEDER[1].encode(), clean_start=True, keep_alive=0
    )
    made.sendall(packet.write())
    answer, _ = mqtt5.read(memoryview(made.recv(4096)))
    assert isinstance(answer, mqtt5.ConnAckPacket)
    return made


def _publish(lines: list[_Line], window: int) -> None:
    """Send a window on each line, and the next half of one when half is acknowledged."""
    selector = selectors.DefaultSelector()
    for line in lines:
        selector.register(line.socket, selectors.EVENT_READ, line)
        _send(line, window)
    open_lines = len(lines)
    while open_lines:
        for key, _ in selector.select(60):
            ready: _Line = key.data
            ready.acknowledged_bytes += len(ready.socket.recv(65536))
            acknowledged = ready.acknowledged_bytes // 4
            if acknowledged >= len(ready.frames):
                selector.unregister(ready.socket)
                open_lines -= 1
            elif ready.sent - acknowledged <= window // 2:
                _send(ready, window - (ready.sent - acknowledged))


def _send(line: _Line, count: int) -> None:
    line.socket.sendall(b"".join(line.frames[line.sent : line.sent + count]))
    line.sent = min(len(line.frames), line.sent + count)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
