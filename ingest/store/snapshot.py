"""Reading the embedded store's file: one appliance, the newest values, a kind's scan, counts.

Every function runs inside a read transaction of the caller. Pages hold each identity once; the tail may repeat them, so
pages come first and the tail overrules.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ingest.store import pages, tail
from ingest.store.rows import EMPTY, Rows, merge

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from ingest.store.rows import Packer

TIME_NS_MAX = 2**63 - 1
SCAN_SAMPLES = 400_000
BLOCK_SAMPLES = 50_000


@dataclass(frozen=True, slots=True)
class Place:
    """Where an appliance stands: the number of its kind and its own."""

    kind: int
    who: int


def find(connection: sqlite3.Connection, kind: str, appliance_id: str) -> Place | None:
    """The numbers of an appliance, None where nothing of it is stored."""
    row = connection.execute(
        "SELECT kind.number, appliance.number FROM appliance JOIN kind ON kind.number = appliance.kind"
        " WHERE kind.name = ? AND appliance.id = ?",
        (kind, appliance_id),
    ).fetchone()
    return Place(*row) if row else None


def metric_names(connection: sqlite3.Connection) -> dict[int, str]:
    """All metrics by their number."""
    return dict(connection.execute("SELECT number, name FROM metric").fetchall())


def appliances(connection: sqlite3.Connection, kind: str) -> dict[int, str]:
    """All appliances of a kind by their number."""
    return dict(
        connection.execute(
            "SELECT number, id FROM appliance WHERE kind = (SELECT number FROM kind WHERE name = ?)", (kind,)
        ).fetchall()
    )


def read_appliance(
    connection: sqlite3.Connection, packer: Packer, place: Place | None, *, start_ns: int, end_ns: int
) -> Rows:
    """One appliance's rows of [start, end), by time."""
    if place is None:
        return EMPTY
    who = place.who
    parts = list(
        pages.read(connection, packer, place.kind, start_ns=start_ns, end_ns=end_ns, first_who=who, last_who=who)
    )
    parts += tail.read_appliance(connection, place.kind, who, start_ns=start_ns, end_ns=end_ns)
    return merge(parts)


def newest_values(connection: sqlite3.Connection, packer: Packer, place: Place | None) -> dict[int, tuple[int, float]]:
    """Newest reading of each metric: number of the metric → (time in ns, value); reads back only as far as it must."""
    if place is None:
        return {}
    found: dict[int, tuple[int, float]] = {}
    _add_newest(merge(tail.read_appliance(connection, place.kind, place.who, start_ns=0, end_ns=TIME_NS_MAX)), found)
    (known,) = connection.execute("SELECT metrics FROM appliance WHERE number = ?", (place.who,)).fetchone()
    wanted = set(np.frombuffer(known, np.int32).tolist())
    spanned = connection.execute(
        "SELECT last_ns, body FROM page WHERE kind = ? AND first_who <= ? AND last_who >= ? ORDER BY last_ns DESC",
        (place.kind, place.who, place.who),
    )
    for last_ns, body in spanned:
        if wanted <= found.keys() and all(last_ns < found[metric][0] for metric in wanted):
            break
        _add_newest(packer.unpack(body, first_who=place.who, last_who=place.who), found)
    return found


def _add_newest(rows: Rows, found: dict[int, tuple[int, float]]) -> None:
    """Take over each metric's last reading where it is newer than what was found."""
    for column, metric in enumerate(rows.metrics):
        there = np.flatnonzero(~np.isnan(rows.values[:, column]))
        if len(there):
            newest = int(rows.time_ns[there[-1]]), float(rows.values[there[-1], column])
            if metric not in found or newest[0] > found[metric][0]:
                found[metric] = newest


def scan(connection: sqlite3.Connection, packer: Packer, kind: str, *, start_ns: int, end_ns: int) -> Iterator[Rows]:
    """All rows of a kind in [start, end), by appliance and time, about :data:`SCAN_SAMPLES` at a time."""
    row = connection.execute("SELECT number FROM kind WHERE name = ?", (kind,)).fetchone()
    if row is None:
        return
    recent = merge([rows.within(start_ns, end_ns) for rows in tail.read(connection, row[0])])
    (paged,) = connection.execute(
        "SELECT coalesce(sum(samples), 0) FROM page WHERE kind = ? AND last_ns >= ? AND first_ns < ?",
        (row[0], start_ns, end_ns),
    ).fetchone()
    everyone = sorted(appliances(connection, kind))
    step = max(1, SCAN_SAMPLES * len(everyone) // (paged + len(recent) + 1))
    for first in range(0, len(everyone), step):
        some = everyone[first : first + step]
        parts = list(
            pages.read(
                connection, packer, row[0], start_ns=start_ns, end_ns=end_ns, first_who=some[0], last_who=some[-1]
            )
        )
        parts.append(recent.take(slice(*np.searchsorted(recent.who, (some[0], some[-1] + 1)).tolist())))
        rows = merge(parts)
        for start in range(0, len(rows), BLOCK_SAMPLES):
            yield rows.take(slice(start, start + BLOCK_SAMPLES))


def count_appliance(connection: sqlite3.Connection, packer: Packer, place: Place | None) -> int:
    """How many readings an appliance has."""
    return read_appliance(connection, packer, place, start_ns=0, end_ns=TIME_NS_MAX).readings()


def count_kind(connection: sqlite3.Connection, packer: Packer, kind: str) -> int:
    """How many readings a kind has: what the pages say, and what the tail adds to the appliances that it doesn't repeat."""
    row = connection.execute("SELECT number FROM kind WHERE name = ?", (kind,)).fetchone()
    if row is None:
        return 0
    total = int(connection.execute("SELECT coalesce(sum(readings), 0) FROM page WHERE kind = ?", row).fetchone()[0])
    recent = merge(list(tail.read(connection, row[0])))
    if not len(recent):
        return total
    starts = np.flatnonzero(np.diff(recent.who, prepend=-1))
    added = np.add.reduceat((~np.isnan(recent.values)).sum(axis=1), starts)
    newest = dict(connection.execute("SELECT number, last_ns FROM appliance WHERE kind = ?", row).fetchall())
    for who, first_ns, count in zip(
        recent.who[starts].tolist(), recent.time_ns[starts].tolist(), added.tolist(), strict=True
    ):
        total += count
        if newest[who] >= first_ns:
            place = Place(row[0], who)
            rows = list(
                pages.read(
                    connection, packer, row[0], start_ns=first_ns, end_ns=TIME_NS_MAX, first_who=who, last_who=who
                )
            )
            both = read_appliance(connection, packer, place, start_ns=first_ns, end_ns=TIME_NS_MAX).readings()
            total += both - count - sum(part.readings() for part in rows)
    return total
