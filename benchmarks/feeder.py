"""A recorded feeder: a fake broker in a process of its own that blasts pre-encoded frames at one subscriber.

It answers CONNECT and SUBSCRIBE, then sends within the subscriber's receive maximum and counts its PUBACKs. Everything
is encoded before the subscriber may connect, so that feeding costs next to nothing. Speaks MQTT 5 and 3.1.1 (for the
baseline), one client, one run.
"""

from __future__ import annotations

import itertools
import json
import select
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import mqtt5

from benchmarks.workload import publish_frames
from ingest.clock import SystemClock

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

_CHUNK = 1_000
_RECEIVE_BYTES = 1 << 20


@dataclass(slots=True)
class Feeder:
    """The feeder's process; ``port`` once entered."""

    count: int
    port: int = 0
    _process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.feeder", str(self.count)], stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self.port = int(json.loads(self._process.stdout.readline())["port"])
        return self

    def result(self) -> dict[str, Any]:
        """Wait for the end of the run: ``wall_s`` from the first frame to the last PUBACK."""
        assert self._process is not None
        assert self._process.stdout is not None
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.communicate()


def main(count: int) -> None:
    """Encode, listen, feed, report."""
    frames = list(publish_frames(count, start_ms=SystemClock().now_ms()))
    listener = socket.create_server(("127.0.0.1", 0))
    print(json.dumps({"port": listener.getsockname()[1]}), flush=True)
    listener.settimeout(60)  # the measuring process may have been ended
    client, _ = listener.accept()
    client.settimeout(60)
    window = _greet(client)
    started = time.perf_counter()
    if window == 0:
        wall_s, window = _feed(client, [_without_properties(frame) for frame in frames], 1_000), 1_000
    else:
        wall_s = _feed(client, frames, window)
    print(json.dumps({"wall_s": wall_s - started, "acknowledged": count, "window": window}), flush=True)
    client.settimeout(60)
    client.recv(_RECEIVE_BYTES)  # the subscriber closes


def _greet(client: socket.socket) -> int:
    """Answer CONNECT and SUBSCRIBE; the subscriber's receive maximum, 0 for a client of MQTT 3.1.1."""
    hello = client.recv(_RECEIVE_BYTES)
    if hello[8] == 4:  # the protocol level of MQTT 3.1.1
        client.sendall(b"\x20\x02\x00\x00")
        subscribe = client.recv(_RECEIVE_BYTES)
        client.sendall(b"\x90\x03" + subscribe[2:4] + b"\x01")
        return 0
    connect, _ = mqtt5.read(memoryview(hello))
    assert isinstance(connect, mqtt5.ConnectPacket)
    client.sendall(mqtt5.ConnAckPacket().write())
    subscribe_packet, _ = mqtt5.read(memoryview(client.recv(_RECEIVE_BYTES)))
    assert isinstance(subscribe_packet, mqtt5.SubscribePacket)
    codes = [mqtt5.SubAckReasonCode.GRANTED_QOS_AT_LEAST_ONCE] * len(subscribe_packet.topic_filters)
    client.sendall(mqtt5.SubAckPacket(subscribe_packet.packet_id, codes).write())
    return connect.receive_max


def _without_properties(frame: bytes) -> bytes:
    """The same PUBLISH for MQTT 3.1.1: without the empty property length behind the packet id."""
    packet, _ = mqtt5.read(memoryview(frame))
    assert isinstance(packet, mqtt5.PublishPacket)
    assert packet.packet_id is not None
    topic = packet.topic.encode()
    body = len(topic).to_bytes(2, "big") + topic + packet.packet_id.to_bytes(2, "big") + packet.payload
    return bytes([0x32, len(body) & 0x7F | 0x80, len(body) >> 7]) + body


def _feed(client: socket.socket, frames: list[bytes], window: int) -> float:
    """Send all frames within the window; the moment of the last PUBACK."""
    client.settimeout(0)
    chunk = min(_CHUNK, window)
    pieces = [b"".join(frames[start : start + chunk]) for start in range(0, len(frames), chunk)]
    sizes = [len(frames[start : start + chunk]) for start in range(0, len(frames), chunk)]
    sent = acknowledged = number = 0
    rest = memoryview(b"")
    tail = b""
    while acknowledged < len(frames):
        if not rest and number < len(pieces) and sent - acknowledged + sizes[number] <= window:
            rest = memoryview(pieces[number])
            sent += sizes[number]
            number += 1
        readable, writable, _ = select.select([client], [client] if rest else [], [], 60)
        if writable:
            rest = rest[client.send(rest) :]
        if readable:
            data = tail + client.recv(_RECEIVE_BYTES)
            count, tail = _count_pubacks(data, client)
            acknowledged += count
        if not readable and not writable:
            raise TimeoutError(f"{acknowledged} of {sent} acknowledged, and silence")
    return time.perf_counter()


def _count_pubacks(data: bytes, client: socket.socket) -> tuple[int, bytes]:
    """How many PUBACKs ``data`` holds, answering pings on the way, and what is left of it."""
    whole = len(data) // 4 * 4
    if data[:whole:4] == b"@" * (whole // 4):
        return whole // 4, data[whole:]
    count = position = 0
    while position + 2 <= len(data) and position + 2 + data[position + 1] <= len(data):
        if data[position] == 0x40:
            count += 1
        elif data[position] == 0xC0:
            client.sendall(b"\xd0\x00")
        elif data[position] == 0xE0:
            raise ConnectionError("the subscriber left")
        position += 2 + data[position + 1]
    return count, data[position:]


if __name__ == "__main__":
    main(int(next(itertools.islice(sys.argv, 1, None))))
