"""The embedded telemetry store, on one SQLite file (WAL): one process writes, others may read meanwhile.

What it promises beyond :class:`~ingest.store.TelemetryStore`: a write is one transaction with ``synchronous=FULL``, so it
is durable when it returns; a read is one snapshot; memory is bounded by the tail's limits and by what a read asks for.
What it refuses: samples that no store takes (:mod:`ingest.store.limits`), and more than :data:`METRICS_MAX` metric names.

Decision: rows are kept in sorted, compressed pages of many appliances (:mod:`ingest.store.pages`), behind a tail of the newest
writes as they came (:mod:`ingest.store.tail`). Measured against one row per sample clustered by (appliance, time), with a
column per metric (*wide*) and with all values in one blob (*blob*), on two busy cores; CPU in multiples of ``json.loads`` of
such a message in the same run where nothing else is said (``benchmarks/store_layouts.py`` goes on measuring two of them):

==========================================================  ======  ======  ======
10 metrics                                                    wide    blob   pages
==========================================================  ======  ======  ======
write a sample, 10,000 appliances in shuffled rounds          1.74    1.64     .42
write a sample, 200 appliances, 512 samples each in turn       .41     .44     .21
scan a sample for training                                     .35     .15     .06
bytes a sample on disk, with the write-ahead log               120     115      78
chart of 24 h / of 60 days, ms CPU                         1 / 63   .3 / 25  .4 / 11
newest values of one appliance, ms CPU                         .02     .01      .9
erase one appliance so that the disk keeps no trace, ms         --      --   1,300
==========================================================  ======  ======  ======

Pages lose where one appliance is looked at for a moment, by a millisecond; they win wherever the whole fleet passes, which is
all the time. A sample that is written is moved twice more at most: into a sorted tail row, and into its page.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from ingest.sample import MAX_SAMPLES_PER_MESSAGE, OFFSETS_PER_MS, SampleBlock
from ingest.store import Series, StoreRejected, StoreUnavailable, pages, snapshot, tables, tail
from ingest.store.limits import TIME_MS_MAX, refusals
from ingest.store.numbering import METRICS_MAX, Numbering
from ingest.store.rows import Packer, Rows, merge

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

READERS_KEPT = 4
BLOBS_PER_READER = 20_000
"""A reader that has opened so many is replaced: what Python keeps of each, 80 bytes, would never go."""
WRITER_CACHE_KIB = 32_768
READER_CACHE_KIB = 4_096


class EmbeddedStore:
    """A telemetry store in a folder; open it with :meth:`open`, from as many processes as want to read."""

    def __init__(self, path: Path, *, metrics_max: int = METRICS_MAX) -> None:
        self._path = path
        self._writing = threading.Lock()
        self._pooling = threading.Lock()
        self._readers: list[tuple[tables.Connection, Packer]] = []
        self._writer: sqlite3.Connection | None = None
        self._packer = Packer()
        self._is_closed = False
        self._metrics_max = metrics_max
        self._numbering = Numbering(metrics_max=metrics_max)

    @classmethod
    def open(cls, path: Path) -> EmbeddedStore:
        """Open the file, creating it and its folder where they are missing."""
        store = cls(path)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreUnavailable(f"The folder {path.parent} can't be made: {error.strerror}.") from error
        store.prepare()
        return store

    def prepare(self) -> None:
        """Create what the file lacks."""
        with self._write() as connection:
            tables.create(connection, self._path)

    def settle(self) -> None:
        """Sort the whole tail into pages now instead of when there is enough; changes no answer."""
        with self._write() as connection, tables.transaction(connection, "IMMEDIATE"):
            for (kind,) in connection.execute("SELECT number FROM kind").fetchall():
                tail.flush(connection, kind, self._packer)

    def write(self, blocks: Sequence[SampleBlock]) -> None:
        """Store all samples of all blocks in one durable transaction; refused rows are named by :class:`StoreRejected`."""
        rejected: list[tuple[int, int, str]] = []
        with self._write() as connection, tables.transaction(connection, "IMMEDIATE"):
            self._numbering.refresh(connection)
            kinds: dict[str, list[Rows]] = {}
            for number, block in enumerate(blocks):
                refused = refusals(block)
                rows, beyond = self._numbering.rows_of(connection, block, [row for row, _ in refused])
                rejected += [(number, row, why) for row, why in refused]
                rejected += [
                    (number, row, f"there are more than {self._metrics_max} names of metrics") for row in beyond
                ]
                if len(rows):
                    kinds.setdefault(block.kind, []).append(rows)
            for kind, parts in kinds.items():
                self._append(connection, self._numbering.kind(connection, kind), merge(parts))
        if rejected:
            raise StoreRejected(rejected)

    def read(
        self,
        kind: str,
        appliance_id: str,
        metrics: Sequence[str] | None,
        *,
        start_ms: int,
        end_ms: int,
        mode: str | None = None,
    ) -> Series:
        """All rows of [start, end) as stored, of one mode where it is named; ``metrics=None`` gives every metric seen."""
        with self._read() as (connection, packer):
            place = snapshot.find(connection, kind, appliance_id)
            rows = snapshot.read_appliance(connection, packer, place, start_ns=_to_ns(start_ms), end_ns=_to_ns(end_ms))
            names = snapshot.metric_names(connection)
        if mode is not None:
            rows = rows.take(rows.in_mode(mode))
        column = {names[metric]: rows.values[:, place] for place, metric in enumerate(rows.metrics)}
        if metrics is None:
            wanted = {name: values for name, values in sorted(column.items()) if not np.isnan(values).all()}
        else:
            wanted = {name: column.get(name, np.full(len(rows), np.nan)) for name in metrics}
        return Series(rows.time_ns // OFFSETS_PER_MS, wanted)

    def latest(self, kind: str, appliance_id: str) -> Mapping[str, tuple[int, float]]:
        """Newest reading of each metric: metric → (ts_ms, value)."""
        with self._read() as (connection, packer):
            found = snapshot.newest_values(connection, packer, snapshot.find(connection, kind, appliance_id))
            names = snapshot.metric_names(connection)
        newest = {names[metric]: (time_ns // OFFSETS_PER_MS, value) for metric, (time_ns, value) in found.items()}
        return dict(sorted(newest.items()))

    def scan(self, kind: str, *, start_ms: int, end_ms: int) -> Iterator[SampleBlock]:
        """All samples of a kind in [start, end) as of one moment, appliance after appliance, each in time order.

        ``seq`` and ``index`` are not stored: they are filled so that :meth:`SampleBlock.time_ns` gives the stored time.
        """
        with self._read() as (connection, packer):
            names, ids = snapshot.metric_names(connection), snapshot.appliances(connection, kind)
            for rows in snapshot.scan(connection, packer, kind, start_ns=_to_ns(start_ms), end_ns=_to_ns(end_ms)):
                yield _to_block(kind, rows, names, ids)

    def count_readings(self, kind: str, appliance_id: str | None = None) -> int:
        """How many readings (one per metric and sample) are stored, of a kind or of one appliance."""
        with self._read() as (connection, packer):
            if appliance_id is None:
                return snapshot.count_kind(connection, packer, kind)
            place = snapshot.find(connection, kind, appliance_id)
            return snapshot.count_appliance(connection, packer, place)

    def erase(self, kind: str, appliance_id: str) -> None:
        """Remove everything of one appliance, for good: also what lies in free pages and in the write-ahead log."""
        with self._write() as connection:
            with tables.transaction(connection, "IMMEDIATE"):
                place = snapshot.find(connection, kind, appliance_id)
                if place is None:
                    return
                tail.flush(connection, place.kind, self._packer)
                pages.remove_appliance(connection, self._packer, place.kind, place.who)
                connection.execute("DELETE FROM appliance WHERE number = ?", (place.who,))
                self._numbering.forget()
            tables.scrub(connection)

    def prune(self, before_ms: int) -> None:
        """Drop what is older than ``before_ms`` in whole pages, so some older rows stay for a while."""
        before_ns = _to_ns(before_ms)
        with self._write() as connection, tables.transaction(connection, "IMMEDIATE"):
            connection.execute("DELETE FROM page WHERE kind IN (SELECT number FROM kind) AND last_ns < ?", (before_ns,))
            connection.execute("DELETE FROM tail WHERE last_ns < ?", (before_ns,))

    def check(self) -> None:
        """Raise :class:`StoreUnavailable` with a sentence if the file can't be read now."""
        with self._read() as (connection, _):
            connection.execute("SELECT count(*) FROM kind").fetchone()

    def close(self) -> None:
        """Close all connections; nothing else may be called afterwards."""
        with self._writing, self._pooling:
            self._is_closed = True
            if self._writer is not None:
                self._writer.close()
            for connection, _ in self._readers:
                connection.close()
            self._readers.clear()

    def _append(self, connection: sqlite3.Connection, kind: int, rows: Rows) -> None:
        """Add rows of one kind to the tail, which may make segments of it."""
        tail.append(connection, kind, rows)
        tail.tidy(connection, kind, self._packer)

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        """The one connection that writes."""
        with self._writing, tables.translated(self._path):
            if self._writer is None:
                self._writer = tables.connect(self._path, cache_kib=WRITER_CACHE_KIB)
            yield self._writer

    @contextmanager
    def _read(self) -> Iterator[tuple[sqlite3.Connection, Packer]]:
        """A connection in a read transaction, so that all it sees is of one moment."""
        with tables.translated(self._path):
            with self._pooling:
                pooled = self._readers.pop() if self._readers else None
            connection, packer = pooled or (tables.connect(self._path, cache_kib=READER_CACHE_KIB), Packer())
            try:
                with tables.transaction(connection, "DEFERRED"):
                    yield connection, packer
            finally:
                with self._pooling:
                    is_fresh = connection.blobs_opened < BLOBS_PER_READER
                    is_kept = is_fresh and not self._is_closed and len(self._readers) < READERS_KEPT
                    if is_kept:
                        self._readers.append((connection, packer))
                if not is_kept:
                    connection.close()


def _to_ns(ms: int) -> int:
    """Milliseconds as nanoseconds, cut to what can be stored."""
    return min(max(ms, 0), TIME_MS_MAX + 1) * OFFSETS_PER_MS


def _to_block(kind: str, rows: Rows, names: Mapping[int, str], ids: Mapping[int, str]) -> SampleBlock:
    """Rows as the block that would store them again."""
    words = np.array([*rows.words, None], object)
    offset = rows.time_ns % OFFSETS_PER_MS
    return SampleBlock(
        kind=kind,
        metrics=tuple(names[metric] for metric in rows.metrics),
        appliance_ids=[ids[who] for who in rows.who.tolist()],
        ts_ms=rows.time_ns // OFFSETS_PER_MS,
        values=rows.values,
        modes=words[rows.mode].tolist(),
        cycles=words[rows.cycle].tolist(),
        seq=offset // MAX_SAMPLES_PER_MESSAGE,
        index=offset % MAX_SAMPLES_PER_MESSAGE,
        flags=np.zeros(len(rows), np.uint8),
        received_ms=0,
    )
