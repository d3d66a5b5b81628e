"""CPU-seconds until the detectors go on from a checkpoint of 100,000 appliances, and the bytes of one; baseline: reading the bytes."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from benchmarks.figure import Figure
from detectors.finding import Checkpoint
from detectors.pipeline import Pipeline
from ingest.profiles import load_profiles
from ingest.sample import AdmittedBatch, SampleBlock

FIGURES = ("restore_cpu_s", "state_bytes_per_appliance")

_KIND = "refrigerator"
_APPLIANCES = 100_000
_HOURS = 6
_AT_ONCE = 5_000
_REPEATS = 5
_START_MS = 1_700_000_000_000


def measure() -> Iterator[Figure]:
    """Rows of refrigerators with all metrics, taken over into an empty pipeline; the median of several repeats."""
    stored = _checkpoint()
    taken, read = [], []
    for _ in range(_REPEATS):
        pipeline = Pipeline(load_profiles())
        started = time.process_time()
        pipeline.restore(stored)
        taken.append(time.process_time() - started)
        started = time.process_time()
        _ = bytes(bytearray(b"".join(stored.rows.values())))
        read.append(time.process_time() - started)
    seconds = statistics.median(taken)
    yield Figure(
        name="restore_cpu_s",
        value=seconds,
        unit="CPU-seconds per 100,000 appliances",
        n=_APPLIANCES,
        ratio_to="copying the same bytes",
        ratio=seconds / max(statistics.median(read), 1e-9),
    )
    size = statistics.mean(map(len, stored.rows.values()))
    yield Figure(name="state_bytes_per_appliance", value=size, unit="bytes", n=_APPLIANCES)


def _checkpoint() -> Checkpoint:
    """The state of all appliances after some hours, in the order of their names and not of their first sight."""
    profiles = load_profiles()
    pipeline, rows = Pipeline(profiles), dict[str, bytes]()
    rng = np.random.default_rng(30)
    names = [f"A{number:06d}" for number in rng.permutation(_APPLIANCES).tolist()]
    metrics = tuple(profiles[_KIND].metrics.values())
    low, high = (np.array([getattr(metric, end) for metric in metrics]) for end in ("low", "high"))
    for start in range(0, _APPLIANCES, _AT_ONCE):
        ids = [name for name in names[start : start + _AT_ONCE] for _ in range(_HOURS)]
        values = low + rng.uniform(0.45, 0.55, (len(ids), len(metrics))) * (high - low)
        pipeline.fold(_batch(tuple(profiles[_KIND].metrics), ids, values))
        rows |= pipeline.packed_changes()
    return Checkpoint(1, dict(sorted(rows.items())), pipeline.shared())


def _batch(metrics: tuple[str, ...], ids: list[str], values: NDArray[np.float64]) -> AdmittedBatch:
    """Some hours of some appliances, hour by hour."""
    count = len(ids)
    ts_ms = np.tile(_START_MS + np.arange(_HOURS) * 3_600_000, count // _HOURS)
    block = SampleBlock(
        kind=_KIND,
        metrics=metrics,
        appliance_ids=ids,
        ts_ms=ts_ms,
        values=values,
        modes=["cooling"] * count,
        cycles=[None] * count,
        seq=np.full(count, -1, np.int64),
        index=np.zeros(count, np.int64),
        flags=np.zeros(count, np.uint8),
        received_ms=int(ts_ms[-1]),
    )
    return AdmittedBatch(1, block.received_ms, count, (block,))
