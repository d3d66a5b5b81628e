"""The pages of the embedded store: sorted, compressed pieces of many rows, and how a run of rows is added to them.

A page holds up to :data:`PAGE_SAMPLES` rows by (appliance, time), of as many appliances as it takes. Each identity is in one
page only: where an appliance's new rows begin before its newest paged one (late or repeated), they are looked up first.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from ingest.store.rows import EMPTY, WHO_MAX, Rows, merge

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from ingest.store.rows import Packer

PAGE_SAMPLES = 1_024

_SPANNED = "FROM page WHERE kind = ? AND last_ns >= ? AND first_ns < ? AND first_who <= ? AND last_who >= ?"


def read(
    connection: sqlite3.Connection,
    packer: Packer,
    kind: int,
    *,
    start_ns: int,
    end_ns: int,
    first_who: int = 0,
    last_who: int = WHO_MAX,
) -> Iterator[Rows]:
    """The rows of [start, end) of a range of appliances, a page at a time."""
    cursor = connection.execute(
        f"SELECT body {_SPANNED} ORDER BY last_ns", (kind, start_ns, end_ns, last_who, first_who)
    )
    for (body,) in cursor:
        yield packer.unpack(body, first_who=first_who, last_who=last_who).within(start_ns, end_ns)


def add(connection: sqlite3.Connection, packer: Packer, kind: int, rows: Rows) -> None:
    """Add sorted rows of one kind as pages."""
    starts = np.flatnonzero(np.diff(rows.who, prepend=-1))
    known = {
        number: (last_ns, metrics)
        for number, last_ns, metrics in connection.execute(
            "SELECT number, last_ns, metrics FROM appliance WHERE kind = ?", (kind,)
        )
    }
    edges = [*starts.tolist(), len(rows)]
    again = [
        rows.take(slice(start, end))
        for (start, end), who in zip(pairwise(edges), rows.who[starts].tolist(), strict=True)
        if known[who][0] >= rows.time_ns[start]
    ]
    if again:
        rows = merge([_withdraw(connection, packer, kind, merge(again)), rows])
        starts = np.flatnonzero(np.diff(rows.who, prepend=-1))
    for start in range(0, len(rows), PAGE_SAMPLES):
        _insert(connection, packer, kind, rows.take(slice(start, start + PAGE_SAMPLES)))
    _note_newest(connection, rows, starts, known)


def remove_appliance(connection: sqlite3.Connection, packer: Packer, kind: int, who: int) -> None:
    """Take one appliance's rows out of all pages."""
    for number, body in connection.execute(
        "SELECT number, body FROM page WHERE kind = ? AND first_who <= ? AND last_who >= ?", (kind, who, who)
    ).fetchall():
        rows = packer.unpack(body)
        _replace(connection, packer, kind, number, rows.take(rows.who != who))


def _withdraw(connection: sqlite3.Connection, packer: Packer, kind: int, rows: Rows) -> Rows:
    """Take those rows out of the pages that the given ones repeat, and return them."""
    span = (int(rows.time_ns.min()), int(rows.time_ns.max()) + 1, int(rows.who[-1]), int(rows.who[0]))
    withdrawn = [EMPTY]
    spanned = connection.execute(f"SELECT number, first_who, last_who {_SPANNED}", (kind, *span)).fetchall()
    for number, first_who, last_who in spanned:
        cut = slice(*np.searchsorted(rows.who, (first_who, last_who + 1)).tolist())
        wanted = set(zip(rows.who[cut].tolist(), rows.time_ns[cut].tolist(), strict=True))
        (body,) = connection.execute("SELECT body FROM page WHERE number = ?", (number,)).fetchone()
        paged = packer.unpack(body)
        identities = zip(paged.who.tolist(), paged.time_ns.tolist(), strict=True)
        is_repeated = np.fromiter((identity in wanted for identity in identities), np.bool_, len(paged))
        if is_repeated.any():
            withdrawn.append(paged.take(is_repeated))
            _replace(connection, packer, kind, number, paged.take(~is_repeated))
    return merge(withdrawn)


def _replace(connection: sqlite3.Connection, packer: Packer, kind: int, number: int, rows: Rows) -> None:
    """Put other rows in the place of a page."""
    connection.execute("DELETE FROM page WHERE number = ?", (number,))
    if len(rows):
        _insert(connection, packer, kind, rows)


def _insert(connection: sqlite3.Connection, packer: Packer, kind: int, rows: Rows) -> None:
    """Add one page."""
    connection.execute(
        "INSERT INTO page (kind, first_who, last_who, first_ns, last_ns, samples, readings, body)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            kind,
            int(rows.who[0]),
            int(rows.who[-1]),
            int(rows.time_ns.min()),
            int(rows.time_ns.max()),
            len(rows),
            rows.readings(),
            packer.pack(rows),
        ),
    )


def _note_newest(
    connection: sqlite3.Connection,
    rows: Rows,
    starts: np.ndarray[tuple[int], np.dtype[np.intp]],
    known: dict[int, tuple[int, bytes]],
) -> None:
    """Keep each appliance's newest time in pages, and which metrics it has there."""
    ends = np.append(starts[1:], len(rows)) - 1
    has = np.logical_or.reduceat(~np.isnan(rows.values), starts, axis=0)
    patterns, which = np.unique(has, axis=0, return_inverse=True)
    numbers = np.array(rows.metrics, np.int32)
    present = [numbers[pattern] for pattern in patterns]
    unions: dict[tuple[bytes, int], bytes] = {}
    changes = []
    for who, newest, pattern in zip(
        rows.who[starts].tolist(), rows.time_ns[ends].tolist(), which.tolist(), strict=True
    ):
        last_ns, metrics = known[who]
        key = (metrics, pattern)
        if key not in unions:
            union = np.union1d(np.frombuffer(metrics, np.int32), present[pattern])
            unions[key] = union.astype(np.int32).tobytes()
        changes.append((max(last_ns, newest), unions[key], who))
    connection.executemany("UPDATE appliance SET last_ns = ?, metrics = ? WHERE number = ?", changes)
