"""The tail of the embedded store: the newest writes as they came, and how they become pages.

A write appends one row to ``tail`` per appliance kind. When :data:`FAN_IN` rows of one tier are there, they become one
row of the next, sorted by appliance, so a slow trickle of small writes never piles up; when :data:`TAIL_SAMPLES` samples
are there, all of them become pages. Every step is part of the transaction of the write that caused it.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from ingest.store import pages
from ingest.store.rows import Rows, merge

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from ingest.store.rows import Packer

TAIL_SAMPLES = 200_000
TAIL_BYTES = 32 * 1024 * 1024
FAN_IN = 32


class _Head(msgspec.Struct, array_like=True):
    """What is needed to read the arrays of a tail row."""

    metrics: tuple[int, ...]
    words: tuple[str, ...]


_decode_head = msgspec.msgpack.Decoder(_Head).decode
_encode_head = msgspec.msgpack.Encoder().encode


def append(connection: sqlite3.Connection, kind: int, rows: Rows, *, tier: int = 0) -> None:
    """Add rows of one kind as they are."""
    body = b"".join((rows.time_ns.tobytes(), rows.values.tobytes(), rows.mode.tobytes(), rows.cycle.tobytes()))
    connection.execute(
        "INSERT INTO tail (kind, tier, samples, size, first_ns, last_ns, head, who, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            kind,
            tier,
            len(rows),
            len(body),
            int(rows.time_ns.min()),
            int(rows.time_ns.max()),
            _encode_head(_Head(rows.metrics, rows.words)),
            rows.who.tobytes(),
            body,
        ),
    )


def tidy(connection: sqlite3.Connection, kind: int, packer: Packer) -> None:
    """Keep the tail of a kind short: merge tiers that are full, and sort all into pages when there is much."""
    tiers = connection.execute(
        "SELECT tier, count(*), sum(samples), sum(size) FROM tail WHERE kind = ? GROUP BY tier ORDER BY tier",
        (kind,),
    ).fetchall()
    if sum(samples for _, _, samples, _ in tiers) >= TAIL_SAMPLES or sum(size for *_, size in tiers) >= TAIL_BYTES:
        flush(connection, kind, packer)
        return
    carried = 0
    for tier, count, _, _ in tiers:
        if count + carried < FAN_IN:
            return
        rows = merge(list(read(connection, kind, tier=tier)))
        connection.execute("DELETE FROM tail WHERE kind = ? AND tier = ?", (kind, tier))
        append(connection, kind, rows, tier=tier + 1)
        carried = 1


def flush(connection: sqlite3.Connection, kind: int, packer: Packer) -> None:
    """Sort the whole tail of a kind into pages."""
    rows = merge(list(read(connection, kind)))
    if len(rows):
        pages.add(connection, packer, kind, rows)
        connection.execute("DELETE FROM tail WHERE kind = ?", (kind,))


def read(connection: sqlite3.Connection, kind: int, *, tier: int | None = None) -> Iterator[Rows]:
    """The rows of one tier, or of the whole tail, in the order they were written."""
    cursor = connection.execute(
        "SELECT head, who, body FROM tail WHERE kind = ? AND tier = coalesce(?, tier) ORDER BY number", (kind, tier)
    )
    for head, who, body in cursor:
        numbers = np.frombuffer(who, np.int32)
        yield _parse(_decode_head(head), numbers, partial(_slice, memoryview(body)))


def read_appliance(connection: sqlite3.Connection, kind: int, who: int, *, start_ns: int, end_ns: int) -> list[Rows]:
    """One appliance's rows of [start, end), in the order they were written; touches only the bytes that it needs."""
    found = []
    cursor = connection.execute(
        "SELECT number, head, who FROM tail WHERE kind = ? AND last_ns >= ? AND first_ns < ? ORDER BY number",
        (kind, start_ns, end_ns),
    )
    for number, head, numbers in cursor.fetchall():
        everyone = np.frombuffer(numbers, np.int32)
        hits = np.flatnonzero(everyone == who)
        if len(hits):
            with connection.blobopen("tail", "body", number, readonly=True) as blob:
                rows = _parse(_decode_head(head), everyone, _reader(blob), int(hits[0]), int(hits[-1]) + 1)
            found.append(rows.take(hits - hits[0]).within(start_ns, end_ns))
    return found


def _slice(body: memoryview, start: int, size: int) -> memoryview:
    """``size`` bytes of a body from ``start``."""
    return body[start : start + size]


def _reader(blob: sqlite3.Blob) -> Callable[[int, int], bytes]:
    """Reads ``size`` bytes of a blob from ``start``."""

    def read_at(start: int, size: int) -> bytes:
        blob.seek(start)
        return blob.read(size)

    return read_at


def _parse(
    head: _Head,
    who: NDArray[np.int32],
    read_at: Callable[[int, int], bytes | memoryview],
    first: int = 0,
    end: int | None = None,
) -> Rows:
    """The rows [first, end) of a tail row whose body is read piecewise."""
    count, width = len(who), len(head.metrics)
    end = count if end is None else end
    size = end - first
    return Rows(
        who[first:end],
        np.frombuffer(read_at(8 * first, 8 * size), np.int64),
        head.metrics,
        np.frombuffer(read_at(8 * (count + first * width), 8 * size * width)).reshape(size, width),
        np.frombuffer(read_at(8 * count * (1 + width) + 4 * first, 4 * size), np.int32),
        np.frombuffer(read_at(8 * count * (1 + width) + 4 * (count + first), 4 * size), np.int32),
        head.words,
    )
