"""The ingester of :mod:`benchmarks.ingest_steady`: the whole ingest with a store that notes when InfluxDB has taken what."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import structlog

from benchmarks.ingest_process import ColumnReader
from benchmarks.ingest_steady import WARM_UP_S, WINDOW_S, WINDOWS
from benchmarks.whole_ingest import whole_ingest
from ingest.clock import SystemClock
from ingest.store.influx import InfluxStore
from ingest.store.influx_address import InfluxAddress

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ingest.sample import SampleBlock

_MB = 2**20


class NotingStore(InfluxStore):
    """Notes for each sample how long after its time it was stored."""

    delays_ms: list[NDArray[np.int64]]

    def write(self, blocks: Sequence[SampleBlock]) -> None:
        """As the store, and take the time."""
        super().write(blocks)
        now_ms = SystemClock().now_ms()
        self.delays_ms += [now_ms - block.ts_ms for block in blocks]


async def main(specification: dict[str, str], stall_s: int) -> None:
    """Warm up, measure the windows, then watch memory while InfluxDB stands still."""
    async with whole_ingest(Path(specification["folder"]), specification["broker_url"]) as whole:
        address = InfluxAddress.parse(specification["store_url"])
        store = NotingStore.open(address, token=specification["store_token"])
        assert isinstance(store, NotingStore)
        store.delays_ms = []
        writer = whole.writer(store)
        reader, stop = ColumnReader(whole.feed), threading.Event()
        for work in (writer.run, reader.run):
            threading.Thread(target=work, args=(stop,), daemon=True).start()
        while not whole.ingester.session.stats.is_connected:  # noqa: ASYNC110 - the state of the system under test
            await asyncio.sleep(0.01)
        print("{}", flush=True)
        while not whole.ingester.stats.messages_received:  # noqa: ASYNC110 - the same
            await asyncio.sleep(0.01)
        await asyncio.sleep(WARM_UP_S)
        for _ in range(WINDOWS):
            store.delays_ms, cpu, wall = [], time.process_time(), time.perf_counter()
            rss_mb = await _watch(WINDOW_S)
            share = (time.process_time() - cpu) / (time.perf_counter() - wall)
            p99_ms = float(np.percentile(np.concatenate(store.delays_ms), 99))
            print(json.dumps({"p99_ms": p99_ms, "core_share": share, "rss_mb": rss_mb}), flush=True)
        print(json.dumps({"rss_mb": await _watch(stall_s)}), flush=True)
        os._exit(0)  # a writer that waits for a store that stands still would hold us up


async def _watch(seconds: int) -> float:
    """The most memory in the next seconds, in MB."""
    most_mb = 0.0
    for _ in range(seconds):
        await asyncio.sleep(1)
        most_mb = max(most_mb, _rss_mb())
    return most_mb


def _rss_mb() -> float:
    """The memory of this process now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / _MB


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    asyncio.run(main(json.loads(sys.argv[1]), int(sys.argv[2])))
