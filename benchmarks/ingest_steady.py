"""10,000 appliances at 1 Hz through mosquitto into InfluxDB 2: how late, how much of a core, how much memory.

20 s of warm-up, then 60 s as three windows of which the medians are given. ``publish_to_stored_p99_ms``: from the moment a
message was due at the publisher to InfluxDB's 204 for it. ``steady_core_share``: CPU of the ingester process. ``steady_rss_mb``:
the most memory of that process in those 60 s and while InfluxDB then stands still for five minutes
(``FETTLE_BENCH_STALL_S`` for less, which the figure's unit then says).
"""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

from benchmarks.figure import Figure
from benchmarks.influxdb import BUCKET, has_influxdb, influxdb
from benchmarks.mosquitto import SERVICE, mosquitto

if TYPE_CHECKING:
    from collections.abc import Iterator

FIGURES = ("publish_to_stored_p99_ms", "steady_core_share", "steady_rss_mb")
WARM_UP_S = 20
WINDOW_S = 20
WINDOWS = 3
_STALL_S = 300


def measure() -> Iterator[Figure]:
    """One run."""
    if not has_influxdb(FIGURES[0]):
        return
    stall_s = int(os.environ.get("FETTLE_BENCH_STALL_S", _STALL_S))
    windows, rss_mb = _run(stall_s)
    median = statistics.median
    count = WINDOW_S * WINDOWS * 10_000
    yield Figure(FIGURES[0], median(window["p99_ms"] for window in windows), "ms", count)
    yield Figure(FIGURES[1], median(window["core_share"] for window in windows), "of a core", count)
    yield Figure(FIGURES[2], rss_mb, f"MB, {stall_s} s of stall in it", count)


def _run(stall_s: int) -> tuple[list[dict[str, float]], float]:
    """The windows, and the most memory with the stall."""
    seconds = WARM_UP_S + WINDOW_S * WINDOWS + stall_s + 3
    with ExitStack() as stack:
        port = stack.enter_context(mosquitto())
        if port is None:
            raise RuntimeError("mosquitto is missing: apt install mosquitto")
        server = stack.enter_context(influxdb())
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="fettle-bench-"))
        url = f"mqtt://{SERVICE[0]}:{SERVICE[1]}@127.0.0.1:{port}"
        specification = {
            "folder": folder,
            "broker_url": url,
            "store_url": server.url(BUCKET),
            "store_token": server.token,
        }
        ingester = _start(stack, "benchmarks.steady_ingester", json.dumps(specification), str(stall_s))
        publisher = _start(stack, "benchmarks.steady_publisher", str(port), str(seconds))
        assert publisher.stdin is not None
        publisher.stdin.write("\n")
        publisher.stdin.flush()
        windows = [_line(ingester) for _ in range(WINDOWS)]
        os.kill(server.pid, signal.SIGSTOP)
        try:
            stalled = _line(ingester)
        finally:
            os.kill(server.pid, signal.SIGCONT)
            time.sleep(0.2)
    return windows, max(stalled["rss_mb"], *(window["rss_mb"] for window in windows))


def _start(stack: ExitStack, module: str, *words: str) -> subprocess.Popen[str]:
    """A process that has said that it is ready."""
    process = subprocess.Popen(
        [sys.executable, "-m", module, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
    )
    stack.callback(process.communicate)
    stack.callback(process.kill)
    _line(process)
    return process


def _line(process: subprocess.Popen[str]) -> dict[str, float]:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise RuntimeError("a process ended early; see above")
    found: dict[str, float] = json.loads(line)
    return found
