"""CPU of the whole ingester per message with the store cursor writing to InfluxDB 2, and what others do of the same.

``ingest_store_us``: the feeder, journal, admission, columns for the detectors, and lines into InfluxDB, until its last answer.
``ingest_vs_aiomqtt``: messages per CPU-second against aiomqtt + ``json.loads`` + ``Point`` into the same store, which has no
journal and acknowledges before the work. ``drain_vs_influx_limit``: messages per second from a journalled backlog into
InfluxDB, against a bare writer of bodies of 5,000 lines made beforehand.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from typing import TYPE_CHECKING

import urllib3

from benchmarks.baseline import baseline_us
from benchmarks.feeder import Feeder
from benchmarks.figure import Figure
from benchmarks.influxdb import BUCKET, has_influxdb, influxdb
from benchmarks.ingest_process import Outcome, Specification, ingest_process
from benchmarks.json_loads import json_loads_us
from benchmarks.workload import messages
from ingest.books.judgement import Judgement
from ingest.clock import SystemClock
from ingest.feed.admitted import batch_of
from ingest.store.line_protocol import encode_block
from ingest.wire.columns import BatchDecoder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers.influx_process import InfluxServer

FIGURES = ("ingest_store_us", "ingest_vs_aiomqtt", "drain_vs_influx_limit")
_RUNS = 3
_MESSAGES = 100_000
_BASELINE_MESSAGES = 10_000
_BODY_LINES = 5_000


def measure() -> Iterator[Figure]:
    """Medians of several runs, each next to its own yardsticks."""
    if not has_influxdb(FIGURES[0]):
        return
    figures, ratios, others, drains, limits = [], [], [], [], []
    bodies = _bodies(_MESSAGES)
    for _ in range(_RUNS):
        load = json_loads_us()
        with influxdb() as server:
            figures.append(_ingest(server).us(_MESSAGES))
        with influxdb() as server:
            other = asyncio.run(_baseline(server))
        with influxdb() as server:
            drains.append(_MESSAGES / _drain(server).wall_s)
        with influxdb() as server:
            limits.append(_MESSAGES / _bare_write_s(server, bodies))
        ratios.append(figures[-1] / load)
        others.append(other / figures[-1])
    median = statistics.median
    yield Figure(FIGURES[0], median(figures), "µs", _MESSAGES, "json_loads_us", median(ratios))
    yield Figure(
        FIGURES[1],
        1e6 / median(figures),
        "messages per CPU-second",
        _MESSAGES,
        "aiomqtt + json + Point",
        median(others),
    )
    shares = [drain / limit for drain, limit in zip(drains, limits, strict=True)]
    yield Figure(FIGURES[2], median(drains), "messages/s", _MESSAGES, "a bare writer of 5,000 lines", median(shares))


def _ingest(server: InfluxServer) -> Outcome:
    with Feeder(_MESSAGES) as feeder, tempfile.TemporaryDirectory(prefix="fettle-bench-") as folder:
        url = f"mqtt://127.0.0.1:{feeder.port}"
        with ingest_process(Specification(folder, _MESSAGES, url, server.url(BUCKET), server.token)) as wait:
            return wait()


def _drain(server: InfluxServer) -> Outcome:
    """Journal first, without a store, then let the writer have it."""
    with Feeder(_MESSAGES) as feeder, tempfile.TemporaryDirectory(prefix="fettle-bench-") as folder:
        with ingest_process(Specification(folder, _MESSAGES, f"mqtt://127.0.0.1:{feeder.port}")) as wait:
            wait()
        drain = Specification(folder, _MESSAGES, "", server.url(BUCKET), server.token, only="drain")
        with ingest_process(drain) as wait:
            return wait()


async def _baseline(server: InfluxServer) -> float:
    with Feeder(_BASELINE_MESSAGES) as feeder:
        return await baseline_us(_BASELINE_MESSAGES, feeder.port, server, BUCKET)


def _bodies(count: int) -> list[bytes]:
    """The workload as bodies of lines."""
    decoder, now_ms = BatchDecoder(), SystemClock().now_ms()
    said = list(messages(count, start_ms=now_ms))
    bodies = []
    for start in range(0, count, _BODY_LINES):
        some = said[start : start + _BODY_LINES]
        decoded = decoder.decode([topic for topic, _ in some], [payload for _, payload in some])
        batch = batch_of(decoded, Judgement(1, now_ms, len(some)), [False] * len(some))
        bodies.append(b"\n".join(line for block in batch.blocks for line in encode_block(block)))
    return bodies


def _bare_write_s(server: InfluxServer, bodies: list[bytes]) -> float:
    """How long InfluxDB takes for the bodies one after another."""
    http = urllib3.PoolManager()
    url = f"http://127.0.0.1:{server.port}/api/v2/write?org={server.org}&bucket={BUCKET}&precision=ns"
    started = time.perf_counter()
    for body in bodies:
        answer = http.request("POST", url, body=body, headers={"Authorization": f"Token {server.token}"})
        assert answer.status == 204, answer.data
    return time.perf_counter() - started
