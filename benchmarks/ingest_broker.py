"""Messages per second through a real mosquitto on the same cores, as a share of what a client gets that only counts.

From one publisher and from 1,000 connections, QoS 1; the ingester journals, admits and feeds columns. A run in which a
message is missing ends with an error: 0 are lost.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from typing import TYPE_CHECKING

from benchmarks.figure import Figure
from benchmarks.ingest_process import Outcome, Specification, ingest_process
from benchmarks.mosquitto import SERVICE, mosquitto
from benchmarks.publisher import publisher

if TYPE_CHECKING:
    from collections.abc import Iterator

FIGURES = ("ingest_broker_share", "ingest_1000_conns_share")
_RUNS = 3
_MESSAGES = 60_000


def measure() -> Iterator[Figure]:
    """Medians; each run next to the counting client's."""
    for name, connections in zip(FIGURES, (1, 1_000), strict=True):
        shares, rates = [], []
        for _ in range(_RUNS):
            counted = through_broker(_MESSAGES, connections, only="count")
            ingested = through_broker(_MESSAGES, connections)
            if counted is None or ingested is None:
                print(f"{name} needs mosquitto: apt install mosquitto", file=sys.stderr)
                return
            shares.append(counted.wall_s / ingested.wall_s)
            rates.append(_MESSAGES / ingested.wall_s)
        rate = statistics.median(rates)
        yield Figure(name, rate, "messages/s", _MESSAGES, "a client that only counts", statistics.median(shares))


def through_broker(count: int, connections: int, *, only: str = "") -> Outcome | None:
    """One run over a fresh broker; ``None`` where there is none."""
    with mosquitto() as port, tempfile.TemporaryDirectory(prefix="fettle-bench-") as folder:
        if port is None:
            return None
        url = f"mqtt://{SERVICE[0]}:{SERVICE[1]}@127.0.0.1:{port}"
        with (
            publisher(port, count, connections) as publish,
            ingest_process(Specification(folder, count, url, only=only)) as wait,
        ):
            publish()
            return wait()
