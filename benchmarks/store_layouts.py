"""The embedded store's cost per sample and per look; baseline: a SQLite row per sample, clustered by (appliance, time).

Written are 10,000 appliances in shuffled rounds of 10 metrics, 5,000 samples a write; read are 100 appliances with 60 days of
a sample each five minutes.
"""

from __future__ import annotations

import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Protocol

import numpy as np

from benchmarks.figure import Figure
from ingest.sample import SampleBlock
from ingest.store.embedded import EmbeddedStore

FIGURES = ("store_write_us", "store_scan_us", "store_chart_24h_ms", "store_chart_60d_ms", "store_latest_ms")

_METRICS = tuple(f"metric_{number}_w" for number in range(10))
_START_MS = 1_790_000_000_000
_FLEET, _ROUNDS, _WRITE = 10_000, 30, 5_000
_WATCHED, _DAYS, _INTERVAL_MS = 100, 60, 300_000
_DAY_MS = 86_400_000
_PER_MESSAGE = 480
_LOOKS = 20


class _Layout(Protocol):
    """What is measured of a layout."""

    def write(self, block: SampleBlock) -> None: ...
    def chart(self, appliance_id: str, start_ms: int, end_ms: int) -> int: ...
    def latest(self, appliance_id: str) -> object: ...
    def scan(self) -> int: ...
    def close(self) -> None: ...


class _Pages:
    """The embedded store as it is."""

    def __init__(self, folder: Path) -> None:
        self._store = EmbeddedStore.open(folder / "pages.db")
        self.close = self._store.close

    def write(self, block: SampleBlock) -> None:
        self._store.write([block])

    def chart(self, appliance_id: str, start_ms: int, end_ms: int) -> int:
        return len(self._store.read("refrigerator", appliance_id, None, start_ms=start_ms, end_ms=end_ms).ts_ms)

    def latest(self, appliance_id: str) -> object:
        return self._store.latest("refrigerator", appliance_id)

    def scan(self) -> int:
        return sum(len(block) for block in self._store.scan("refrigerator", start_ms=0, end_ms=2**42))


class _Rows:
    """A row per sample, its values in one blob."""

    def __init__(self, folder: Path) -> None:
        self._connection = sqlite3.connect(folder / "rows.db", isolation_level=None)
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "cache_size = -32768", "wal_autocheckpoint = 16000"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._connection.execute(
            "CREATE TABLE sample (who INTEGER, ns INTEGER, body BLOB, PRIMARY KEY (who, ns)) WITHOUT ROWID"
        )
        self._numbers: dict[str, int] = {}
        self.close = self._connection.close

    def write(self, block: SampleBlock) -> None:
        who = [self._numbers.setdefault(name, len(self._numbers)) for name in block.appliance_ids]
        raw, size = block.values.tobytes(), 8 * len(_METRICS)
        bodies = (raw[start : start + size] for start in range(0, len(raw), size))
        self._connection.execute("BEGIN")
        self._connection.executemany(
            "INSERT OR REPLACE INTO sample VALUES (?, ?, ?)", zip(who, block.time_ns().tolist(), bodies, strict=True)
        )
        self._connection.execute("COMMIT")

    def chart(self, appliance_id: str, start_ms: int, end_ms: int) -> int:
        rows = self._connection.execute(
            "SELECT ns, body FROM sample WHERE who = ? AND ns >= ? AND ns < ?",
            (self._numbers[appliance_id], start_ms * 10**6, end_ms * 10**6),
        ).fetchall()
        return len(np.frombuffer(b"".join(body for _, body in rows)).reshape(-1, len(_METRICS)))

    def latest(self, appliance_id: str) -> object:
        newest = "SELECT body FROM sample WHERE who = ? ORDER BY ns DESC LIMIT 1"
        return self._connection.execute(newest, (self._numbers[appliance_id],)).fetchone()

    def scan(self) -> int:
        cursor, count = self._connection.execute("SELECT who, ns, body FROM sample ORDER BY who, ns"), 0
        while rows := cursor.fetchmany(50_000):
            count += len(np.frombuffer(b"".join(body for *_, body in rows)).reshape(-1, len(_METRICS)))
        return count


def measure() -> Iterator[Figure]:
    """Every figure for both layouts, in the same run."""
    ours, theirs = _measure(_Pages), _measure(_Rows)
    for name in FIGURES:
        yield Figure(
            name=name,
            value=ours[name][0],
            unit="ms CPU" if name.endswith("_ms") else "us CPU per sample",
            n=ours[name][1],
            ratio_to="a SQLite row per sample",
            ratio=ours[name][0] / theirs[name][0],
        )


def _measure(layout: Callable[[Path], _Layout]) -> dict[str, tuple[float, int]]:
    """Name of the figure → (value, n) for one layout."""
    with tempfile.TemporaryDirectory() as folder:
        fleet = layout(Path(folder))
        spent_s = sum(_cpu(partial(fleet.write, block)) for block in _rounds())
        found = {"store_write_us": (spent_s * 1e6 / (_FLEET * _ROUNDS), _FLEET * _ROUNDS)}
        fleet.close()
    with tempfile.TemporaryDirectory() as folder:
        watched = layout(Path(folder))
        for block in _history():
            watched.write(block)
        end_ms = _START_MS + _DAYS * _DAY_MS
        looks = {
            "store_chart_24h_ms": lambda: watched.chart("a00042", end_ms - _DAY_MS, end_ms),
            "store_chart_60d_ms": lambda: watched.chart("a00042", 0, 2**42),
            "store_latest_ms": lambda: watched.latest("a00042"),
        }
        for name, look in looks.items():
            found[name] = (statistics.median(_cpu(look) for _ in range(_LOOKS)) * 1e3, _LOOKS)
        count = watched.scan()
        found["store_scan_us"] = (statistics.median(_cpu(watched.scan) for _ in range(3)) * 1e6 / count, count)
        watched.close()
    return found


def _cpu(work: Callable[[], object]) -> float:
    """CPU seconds of all threads that some work takes."""
    started = time.process_time()
    work()
    return time.process_time() - started


def _rounds() -> Iterator[SampleBlock]:
    """Every appliance once a round, in another order each time."""
    rng = np.random.default_rng(7)
    names = np.array([f"a{number:05d}" for number in range(_FLEET)])
    for number in range(_ROUNDS):
        order = rng.permutation(_FLEET)
        for start in range(0, _FLEET, _WRITE):
            some = names[order[start : start + _WRITE]].tolist()
            yield _block(some, np.full(_WRITE, _START_MS + number * _INTERVAL_MS), number, rng)


def _history() -> Iterator[SampleBlock]:
    """Buffered messages of each appliance in turn."""
    rng = np.random.default_rng(8)
    for start in range(0, _DAYS * _DAY_MS // _INTERVAL_MS, _PER_MESSAGE):
        for first in range(0, _WATCHED, 10):
            names = [f"a{number:05d}" for number in range(first, first + 10) for _ in range(_PER_MESSAGE)]
            times = _START_MS + (start + np.tile(np.arange(_PER_MESSAGE), 10)) * _INTERVAL_MS
            yield _block(names, times, start, rng)


def _block(
    names: list[str], ts_ms: np.ndarray[tuple[int], np.dtype[np.int64]], seq: int, rng: np.random.Generator
) -> SampleBlock:
    """One block with values of two decimals."""
    count = len(names)
    return SampleBlock(
        kind="refrigerator",
        metrics=_METRICS,
        appliance_ids=names,
        ts_ms=ts_ms,
        values=np.round(rng.normal(20, 5, (count, len(_METRICS))), 2),
        modes=["cooling"] * count,
        cycles=[None] * count,
        seq=np.full(count, seq, np.int64),
        index=np.zeros(count, np.int64),
        flags=np.zeros(count, np.uint8),
        received_ms=_START_MS,
    )
