"""Messages lost or doubled through mosquitto while the ingester is killed three times; by the ledger and the feed.

50,000 messages at QoS 1 are published at a steady pace. The ingester is killed by SIGKILL .4 to .9 s after its first
PUBACK and started again, three times; the fourth one finishes. Lost: published less stored by the ledger. Doubled:
samples given to readers less published. Also the longest time from a start to the first PUBACK.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import mqtt5

from benchmarks.figure import Figure
from benchmarks.mosquitto import FEEDER, SERVICE, mosquitto
from benchmarks.whole_ingest import whole_ingest
from benchmarks.workload import publish_frames
from ingest.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Iterator

FIGURES = ("ingest_broker_lost", "ingest_first_puback_s")
_MESSAGES = 50_000
_PER_S = 6_000
_KILLS = 3
_WINDOW = 1_000


def measure() -> Iterator[Figure]:
    """Both figures, nothing where mosquitto is missing."""
    with mosquitto() as port, tempfile.TemporaryDirectory(prefix="fettle-bench-") as folder:
        if port is None:
            print("ingest_broker_lost needs mosquitto: apt install mosquitto", file=sys.stderr)
            return
        first_pubacks_s = _publish_and_kill(port, Path(folder))
        wrong = asyncio.run(_count_wrong(Path(folder), _url(port)))
    yield Figure("ingest_broker_lost", wrong, "messages", _MESSAGES)
    yield Figure("ingest_first_puback_s", max(first_pubacks_s), "s", len(first_pubacks_s))


def _url(port: int) -> str:
    return f"mqtt://{SERVICE[0]}:{SERVICE[1]}@127.0.0.1:{port}"


def _publish_and_kill(port: int, folder: Path) -> list[float]:
    """Publish while the ingester is killed and started again; seconds from each start to its first PUBACK."""
    chance = random.Random(4)
    frames = list(publish_frames(_MESSAGES, start_ms=SystemClock().now_ms()))
    publishing = threading.Thread(target=_publish, args=(port, frames))
    times_s: list[float] = []
    for _ in range(_KILLS):
        started = time.perf_counter()
        command = [sys.executable, "-m", "benchmarks.whole_ingest", str(folder), _url(port)]
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        _wait_for(child, "connected")
        if not publishing.is_alive() and not times_s:
            publishing.start()
        _wait_for(child, "first_puback")
        times_s.append(time.perf_counter() - started)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(chance.uniform(0.4, 0.9))
        child.send_signal(signal.SIGKILL)
        child.communicate()
    publishing.join()
    return times_s


def _wait_for(child: subprocess.Popen[str], event: str) -> None:
    assert child.stdout is not None
    for line in child.stdout:
        if line.startswith("{") and json.loads(line)["event"] == event:
            return
    raise RuntimeError(f"the ingester ended with {child.wait()} before {event}")


def _publish(port: int, frames: list[bytes]) -> None:
    """Publish all frames at QoS 1 at a steady pace, and return when all are acknowledged."""
    with socket.create_connection(("127.0.0.1", port)) as line:
        connect = mqtt5.ConnectPacket(
            "feeder", username=FEEDER[0], password=FEEDER[1].encode(), clean_start=True, keep_alive=0
        )
        line.sendall(connect.write())
        answer, _ = mqtt5.read(memoryview(line.recv(4096)))
        assert isinstance(answer, mqtt5.ConnAckPacket)
        window = min(_WINDOW, answer.receive_max)
        started = time.perf_counter()
        sent = acknowledged = 0
        rest = b""
        while acknowledged < len(frames):
            due = min(len(frames), int((time.perf_counter() - started) * _PER_S) + 1, acknowledged + window)
            if due > sent:
                line.sendall(b"".join(frames[sent:due]))
                sent = due
            line.settimeout(0.01)
            with contextlib.suppress(TimeoutError):
                rest += line.recv(1 << 16)
            line.settimeout(None)
            while rest and len(rest) >= 2 + rest[1]:
                acknowledged += rest[0] == 0x40
                rest = rest[2 + rest[1] :]
        line.sendall(mqtt5.DisconnectPacket().write())


async def _count_wrong(folder: Path, url: str) -> int:
    """Let a last ingester finish; lost and doubled messages."""
    async with whole_ingest(folder, url) as whole:
        quiet_since, seen = time.perf_counter(), -1
        while time.perf_counter() - quiet_since < 3:
            now = whole.ingester.stats.messages_received + whole.admitter.stats.messages
            if now != seen or not whole.ingester.session.stats.is_connected:
                quiet_since, seen = time.perf_counter(), now
            await asyncio.sleep(0.05)
        stored = sum(row.stored for row in whole.books.ledger_rows())
        given = after = 0
        while (batch := whole.feed.next(after)) is not None:
            after = batch.position
            given += sum(len(block) for block in batch.blocks)
    return abs(_MESSAGES - stored) + abs(given - _MESSAGES)
