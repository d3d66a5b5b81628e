"""The yardstick of the ingest figures: CPU of ``json.loads`` per payload of the same workload, in the same run."""

from __future__ import annotations

import json
import statistics
import time

from benchmarks.workload import messages

_COUNT = 20_000


def json_loads_us(repeats: int = 5) -> float:
    """Median CPU in µs of ``json.loads`` on one payload."""
    payloads = [payload for _, payload in messages(_COUNT, start_ms=1_790_000_000_000)]
    loads = json.loads
    figures = []
    for _ in range(repeats):
        started = time.process_time()
        for payload in payloads:
            loads(payload)
        figures.append((time.process_time() - started) / _COUNT * 1e6)
    return statistics.median(figures)
