"""CPU of the whole ingester per message: from a socket to durable acknowledgement, admission and the detectors' columns.

A recorded feeder in a process of its own sends the workload at QoS 1; another process receives, journals (SQLite,
``synchronous=FULL``), acknowledges, admits and reads the columns, with all checks as in service, and the first sight of all
appliances. The CPU is that of all threads, in multiples of ``json.loads`` of the same payload in the same run; the
throughput is compared with aiomqtt + ``json.loads`` + ``Point`` on the same feeder.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.baseline import baseline_per_s
from benchmarks.feeder import Feeder
from benchmarks.figure import Figure
from benchmarks.ingest_process import Specification, ingest_process
from benchmarks.json_loads import json_loads_us
from benchmarks.whole_ingest import whole_ingest
from benchmarks.workload import MESSAGES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingest.journal import Journal

FIGURES = ("json_loads_us", "ingest_feeder_us", "aiomqtt_point_per_s", "ingest_feeder_per_s")
_RUNS = 3
_BASELINE_MESSAGES = 20_000


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the ingester."""

    us: float
    messages_per_s: float


def measure() -> Iterator[Figure]:
    """Medians of several runs, each next to its own yardsticks."""
    loads, runs, baselines = [], [], []
    for _ in range(_RUNS):
        loads.append(json_loads_us())
        runs.append(ingest_apart(MESSAGES))
        baselines.append(baseline_per_s(_BASELINE_MESSAGES))
    median = statistics.median
    us_ratio = median(run.us / load for run, load in zip(runs, loads, strict=True))
    per_s_ratio = median(run.messages_per_s / baseline for run, baseline in zip(runs, baselines, strict=True))
    yield Figure("json_loads_us", median(loads), "µs", MESSAGES)
    yield Figure("ingest_feeder_us", median(run.us for run in runs), "µs", MESSAGES, "json_loads_us", us_ratio)
    yield Figure("aiomqtt_point_per_s", median(baselines), "messages/s", _BASELINE_MESSAGES)
    per_s = median(run.messages_per_s for run in runs)
    yield Figure("ingest_feeder_per_s", per_s, "messages/s", MESSAGES, "aiomqtt_point_per_s", per_s_ratio)


def ingest_apart(count: int) -> Run:
    """Take ``count`` messages from a feeder, in a process of its own, until its columns are read."""
    with (
        Feeder(count) as feeder,
        tempfile.TemporaryDirectory(prefix="fettle-bench-") as folder,
        ingest_process(Specification(folder, count, f"mqtt://127.0.0.1:{feeder.port}")) as wait,
    ):
        outcome = wait()
    return Run(outcome.us(count), count / outcome.wall_s)


def ingest(count: int, journal: Journal | None = None) -> Run:
    """Take ``count`` messages from a feeder all the way through admission, over SQLite or a journal that is open."""
    with Feeder(count) as feeder, tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_ingest(count, feeder.port, Path(folder), journal))


async def _ingest(count: int, port: int, folder: Path, journal: Journal | None) -> Run:
    async with whole_ingest(folder, f"mqtt://127.0.0.1:{port}", journal) as whole:
        received, admitted = whole.ingester.stats, whole.admitter.stats
        cpu, wall = time.process_time(), time.perf_counter()
        while received.messages_acknowledged < count or admitted.messages < count:
            whole.check()
            await asyncio.sleep(0.02)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    assert not admitted.refused
    assert not admitted.duplicates
    return Run(cpu / count * 1e6, count / wall)
