"""The whole ingest in a process of its own, measured: ``python -m benchmarks.ingest_process SPECIFICATION``.

It receives, journals, acknowledges, admits, feeds a reader of columns as the detectors are fed, and writes to InfluxDB where
the specification names one. It ends by itself when it has dealt with so many messages, and tells what that took.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import resource
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from benchmarks.whole_ingest import WholeIngest, whole_ingest
from ingest.loops.store import StoreWriter
from ingest.mqtt.address import parse_address
from ingest.mqtt.connection import Connection, ConnectionOptions
from ingest.mqtt.session import Session, subscriptions
from ingest.store.influx import InfluxStore
from ingest.store.influx_address import InfluxAddress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ingest.feed.feed import AdmittedFeed
    from ingest.mqtt.frames import PublishRun

_LOOK_EVERY_S = 0.02
_GIVE_UP_S = 150.0


@dataclass(frozen=True, slots=True)
class Specification:
    """What the process shall do. ``only``: ``count`` only counts and acknowledges, ``drain`` only writes what is journalled."""

    folder: str
    count: int
    broker_url: str = ""
    store_url: str = ""
    store_token: str = ""
    only: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What it took: CPU of all threads and wall time from the first message until all was done."""

    cpu_s: float
    wall_s: float
    rss_mb: float

    def us(self, count: int) -> float:
        """CPU in µs per message."""
        return self.cpu_s / count * 1e6


@contextmanager
def ingest_process(specification: Specification) -> Iterator[Callable[[], Outcome]]:
    """The process, connected to its broker; what is given waits for its end."""
    command = [sys.executable, "-m", "benchmarks.ingest_process", json.dumps(asdict(specification))]
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        output = process.stdout
        try:
            _answer(output.readline())

            def wait() -> Outcome:
                return Outcome(**_answer(output.readline()))

            yield wait
        finally:
            process.kill()


def _answer(line: str) -> dict[str, float]:
    if not line:
        raise RuntimeError("the ingester ended early; see above")
    answer: dict[str, float] = json.loads(line)
    return answer


def main(specification: Specification) -> None:
    """Do what is specified, and tell what it took."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(30), logger_factory=_to_stderr)
    works = {"count": _only_count, "drain": _only_drain, "": _ingest}
    outcome = asyncio.run(works[specification.only](specification))
    print(json.dumps(asdict(outcome)), flush=True)


def _to_stderr(*_names: object) -> structlog.PrintLogger:
    return structlog.PrintLogger(sys.stderr)


async def _ingest(specification: Specification) -> Outcome:
    count = specification.count
    async with whole_ingest(Path(specification.folder), specification.broker_url) as whole:
        reader = ColumnReader(whole.feed)
        writer = _writer(whole, specification) if specification.store_url else None
        stop = threading.Event()
        threads = [threading.Thread(target=reader.run, args=(stop,), daemon=True)]
        if writer is not None:
            threads.append(threading.Thread(target=writer.run, args=(stop,), daemon=True))
        for thread in threads:
            thread.start()
        received, admitted = whole.ingester.stats, whole.admitter.stats

        def is_done() -> bool:
            whole.check()
            is_stored = writer is None or writer.stats.samples_stored >= count
            return received.messages_acknowledged >= count and reader.samples >= count and is_stored

        outcome = await _measured(lambda: received.messages_received > 0, is_done)
        stop.set()
        assert not admitted.refused
        assert not admitted.duplicates
    return outcome


class ColumnReader:
    """Reads the columns of every batch, as the detectors do at the tip."""

    def __init__(self, feed: AdmittedFeed) -> None:
        self._feed = feed
        self.samples = 0
        self.readings = 0.0

    def run(self, stop: threading.Event) -> None:
        """Go on until asked to stop."""
        position = 0
        while not stop.is_set():
            batch = self._feed.next(position)
            if batch is None:
                self._feed.wait(0.5)
                continue
            position = batch.position
            for block in batch.blocks:
                self.samples += len(block)
                self.readings += float(block.values[:, 0].sum())


def _writer(whole: WholeIngest, specification: Specification) -> StoreWriter:
    store = InfluxStore.open(InfluxAddress.parse(specification.store_url), token=specification.store_token)
    return whole.writer(store)


async def _only_drain(specification: Specification) -> Outcome:
    """Write what stands in the journal; no broker is needed."""
    async with whole_ingest(Path(specification.folder), "mqtt://127.0.0.1:1") as whole:
        writer = _writer(whole, specification)
        stop = threading.Event()
        thread = threading.Thread(target=writer.run, args=(stop,), daemon=True)
        print("{}", flush=True)
        cpu, wall = time.process_time(), time.perf_counter()
        thread.start()
        while writer.stats.samples_stored < specification.count:  # noqa: ASYNC110 - the state of the system under test
            await asyncio.sleep(_LOOK_EVERY_S)
        outcome = Outcome(time.process_time() - cpu, time.perf_counter() - wall, _rss_mb())
        stop.set()
        thread.join()
    return outcome


async def _only_count(specification: Specification) -> Outcome:
    """Acknowledge at once and count: what the broker can give at all."""
    counted = 0

    def count_run(connection: Connection, run: PublishRun) -> None:
        nonlocal counted
        counted += run.count
        connection.write(run.pubacks)

    session = Session(
        parse_address(specification.broker_url),
        ConnectionOptions("fettle"),
        subscriptions("fettle/v1"),
        chance=random.Random(1),
        on_run=count_run,
    )
    running = asyncio.create_task(session.run())
    while not session.stats.is_connected:  # noqa: ASYNC110 - the state of the system under test
        await asyncio.sleep(_LOOK_EVERY_S)
    outcome = await _measured(lambda: counted > 0, lambda: counted >= specification.count)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return outcome


async def _measured(has_begun: Callable[[], bool], is_done: Callable[[], bool]) -> Outcome:
    """Say that we are ready, and measure from the first message until all is done."""
    await asyncio.sleep(0.2)
    print("{}", flush=True)
    while not has_begun():  # noqa: ASYNC110 - the state of the system under test
        await asyncio.sleep(0.001)
    cpu, wall = time.process_time(), time.perf_counter()
    while not is_done():
        if time.perf_counter() - wall > _GIVE_UP_S:
            raise TimeoutError("not all messages came")
        await asyncio.sleep(_LOOK_EVERY_S)
    return Outcome(time.process_time() - cpu, time.perf_counter() - wall, _rss_mb())


def _rss_mb() -> float:
    """The most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main(Specification(**json.loads(sys.argv[1])))
