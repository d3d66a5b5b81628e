"""How long sixteen processes wait to write to one SQLite desk, and who goes past whom; baseline: SQLite's own waiting.

Time depends on what else the machine does; how many that came later went first does not.
"""

from __future__ import annotations

import json
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Engine, create_engine, event

from alerts.database import BUSY_TIMEOUT_MS, UnitOfWork, migrate, open_database
from alerts.desk import Desk
from benchmarks.figure import Figure
from ingest.clock import SystemClock

FIGURES = ("sqlite_write_p99_ms", "sqlite_overtaken_p99")

WRITERS = 16
WRITES = 60
"""Of each writer."""
PAUSE_S = 0.02
"""Between two writes of one writer, on the average: a desk's processes do not write without end."""
_START_S = 3.0

Span = tuple[float, float]
"""From when to when one write took, in s of the machine's own clock."""


def measure() -> Iterator[Figure]:
    """Each process puts appliances into the directory, one transaction after another, and notes how long each took."""
    with tempfile.TemporaryDirectory() as folder:
        ours = _run(Path(folder) / "ours.db", is_queued=True)
        theirs = _run(Path(folder) / "theirs.db", is_queued=False)
    for name, unit, of in (
        ("sqlite_write_p99_ms", "ms", _waits_ms),
        ("sqlite_overtaken_p99", "later writes", _overtaken),
    ):
        value, other = (float(np.percentile(of(spans), 99)) for spans in (ours, theirs))
        yield Figure(
            name=name,
            value=value,
            unit=unit,
            n=WRITERS * WRITES,
            ratio_to="SQLite's own waiting",
            ratio=value / max(other, 1e-9),
        )


def _waits_ms(spans: NDArray[np.float64]) -> NDArray[np.float64]:
    """How long each write took (N,)."""
    return (spans[:, 1] - spans[:, 0]) * 1000


def _overtaken(spans: NDArray[np.float64]) -> NDArray[np.int64]:
    """How many writes that came after each one were done before it (N,)."""
    began, ended = spans.T
    is_past = (began[None, :] > began[:, None]) & (ended[None, :] < ended[:, None])
    return np.asarray(is_past.sum(axis=1), np.int64)


def _run(path: Path, *, is_queued: bool) -> NDArray[np.float64]:
    """All writers at once; their spans (N, 2)."""
    engine = open_database(f"sqlite:///{path}")
    migrate(engine)
    engine.dispose()
    begin_at = str(time.monotonic() + _START_S)
    command = [sys.executable, "-m", "benchmarks.sqlite_writers", str(path), begin_at, str(int(is_queued))]
    writers = [
        subprocess.Popen([*command, str(number)], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1])
        for number in range(WRITERS)
    ]
    spans = np.array([span for writer in writers for span in json.loads(writer.communicate()[0])])
    assert len(spans) == WRITERS * WRITES, "a writer that failed would make the figure better"
    return spans


def _write(path: str, begin_at: float, number: int, *, is_queued: bool) -> list[Span]:
    """When each write of one writer began and was done."""
    chance = random.Random(number)
    engine = open_database(f"sqlite:///{path}") if is_queued else _as_people_do(path)
    appliances = Desk(UnitOfWork(engine, SystemClock(), chance), {}).appliances
    appliances.page()
    time.sleep(max(0.0, begin_at - time.monotonic()))
    spans = []
    for write in range(WRITES):
        started = time.monotonic()
        appliances.register((f"w{number}-{write}", "refrigerator"))
        spans.append((started, time.monotonic()))
        time.sleep(chance.expovariate(1 / PAUSE_S))
    engine.dispose()
    return spans


def _as_people_do(path: str) -> Engine:
    """SQLite with a busy timeout, BEGIN IMMEDIATE, and no queue before it."""
    engine = create_engine(f"sqlite:///{path}")

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # the driver begins nothing behind our back
        wait = f"busy_timeout={30 * BUSY_TIMEOUT_MS}"
        for pragma in (wait, "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


if __name__ == "__main__":
    _, where, at, queued, which = sys.argv
    print(json.dumps(_write(where, float(at), int(which), is_queued=queued == "1")))
