"""10,000 appliances at 1 Hz over one connection, in a process of its own: ``python -m benchmarks.steady_publisher PORT SECONDS``.

The frames of one second are made once; each second their seq and their times are written over in place, and they are sent in
slices of 5 ms, so that a message's ``ts`` is the moment at which it was due. Says that it is ready; begins at a line of input.
"""

from __future__ import annotations

import contextlib
import socket
import sys
import time

import mqtt5
import numpy as np

from benchmarks.mosquitto import FEEDER
from benchmarks.workload import APPLIANCES, messages
from ingest.clock import SystemClock
from ingest.wire.timestamp import format_ms

_SLICES = 200
_FIRST_SEQ = 1_000  # of four digits as all that follow


def main(port: int, seconds: int) -> None:
    """Connect, encode, wait, publish."""
    with socket.create_connection(("127.0.0.1", port)) as line:
        packet = mqtt5.ConnectPacket(
            "feeder", username=FEEDER[0], password=FEEDER[1].encode(), clean_start=True, keep_alive=0
        )
        line.sendall(packet.write())
        answer, _ = mqtt5.read(memoryview(line.recv(4096)))
        assert isinstance(answer, mqtt5.ConnAckPacket)
        stream, starts, times, seqs = _second()
        print("{}", flush=True)
        sys.stdin.readline()
        line.settimeout(0)
        started = time.perf_counter()
        started_ms = SystemClock().now_ms()
        for second in range(seconds):
            _write_over(stream, times, seqs, started_ms + second * 1_000, _FIRST_SEQ + second)
            for piece in range(_SLICES):
                due = started + second + (piece + 1) / _SLICES
                time.sleep(max(0.0, due - time.perf_counter()))
                first, last = (len(starts) - 1) * piece // _SLICES, (len(starts) - 1) * (piece + 1) // _SLICES
                line.settimeout(60)
                line.sendall(memoryview(stream)[starts[first] : starts[last]])
                line.settimeout(0)
                with contextlib.suppress(BlockingIOError):
                    line.recv(1 << 20)  # PUBACKs


def _second() -> tuple[bytearray, list[int], np.ndarray, np.ndarray]:
    """All frames of one second, where each starts, and where their times and seqs stand."""
    stream = bytearray()
    starts, times, seqs = [0], [], []
    for number, (topic, payload) in enumerate(messages(APPLIANCES, start_ms=SystemClock().now_ms())):
        body = payload.replace(b'"seq":0', b'"seq":%d' % _FIRST_SEQ)
        frame = mqtt5.PublishPacket(topic, body, qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=number + 1).write()
        times.append(len(stream) + frame.index(b'"ts":"') + 6)
        seqs.append(len(stream) + frame.index(b'"seq":') + 6)
        stream += frame
        starts.append(len(stream))
    return stream, starts, np.array(times), np.array(seqs)


def _write_over(stream: bytearray, times: np.ndarray, seqs: np.ndarray, second_ms: int, seq: int) -> None:
    """Give each message its time, spread over the second, and all of them their seq."""
    data = np.frombuffer(stream, dtype=np.uint8)
    for offset, digit in enumerate(str(seq).encode()):
        data[seqs + offset] = digit
    per_ms = len(times) // 1_000
    for ms in range(1_000):
        text = np.frombuffer(format_ms(second_ms + ms).encode(), dtype=np.uint8)
        places = times[ms * per_ms : (ms + 1) * per_ms]
        data[places[:, None] + np.arange(len(text))] = text


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
