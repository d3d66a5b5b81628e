"""The ledger's rows in the books, and the notes of batches that run ahead of them. Functions on a connection."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence

import numpy as np

from ingest.books.ledger import BootLedger, LedgerRow, ledger_of, pack_ranges, shown, values_of

_PAGE = 2000


def write_ledgers(connection: sqlite3.Connection, rows: Sequence[tuple[str, BootLedger]], position: int) -> None:
    """Write whole ledger rows and what has gone cold."""
    connection.executemany(
        "INSERT INTO ledger (row, id, boot, next, stored, dead, duplicates, floor, settled, anchor_ts, anchor_up,"
        " ranges, touched) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (row) DO UPDATE SET next = excluded.next, stored = excluded.stored, dead = excluded.dead,"
        " duplicates = excluded.duplicates, floor = excluded.floor, settled = excluded.settled,"
        " anchor_ts = excluded.anchor_ts, anchor_up = excluded.anchor_up, ranges = excluded.ranges,"
        " touched = excluded.touched",
        [(*values_of(appliance_id, ledger), position) for appliance_id, ledger in rows],
    )
    connection.executemany(
        "INSERT OR IGNORE INTO cold_range VALUES (?, ?, ?, ?)",
        [(ledger.row, start, stop, dead) for _, ledger in rows for start, stop, dead in ledger.cold],
    )


def load_ledgers(connection: sqlite3.Connection, where: str, values: tuple[object, ...]) -> list[BootLedger]:
    """Ledgers by a condition of the books' own making; rows must be flushed."""
    query = (
        "SELECT row, boot, next, stored, dead, duplicates, floor, settled, anchor_ts, anchor_up, ranges"
        " FROM ledger WHERE "
    )
    return [ledger_of(row) for row in connection.execute(query + where, values)]


def forget_boots(connection: sqlite3.Connection, appliance_id: str, *, keep: int) -> None:
    """Drop the rows of an appliance beyond those that were used last."""
    old = connection.execute(
        "SELECT row FROM ledger WHERE id = ? ORDER BY touched DESC, row DESC LIMIT -1 OFFSET ?", (appliance_id, keep)
    ).fetchall()
    connection.executemany("DELETE FROM cold_range WHERE row = ?", old)
    connection.executemany("DELETE FROM ledger WHERE row = ?", old)


def list_ledger(connection: sqlite3.Connection, appliance_id: str | None) -> Iterator[LedgerRow]:
    """All rows, or those of one appliance, exact as of the last admitted batch; in order of first sight."""
    reached = read_reached(connection)
    after = 0
    while True:
        found = connection.execute(
            "SELECT row, id, boot, next, stored, dead, duplicates FROM ledger"
            " WHERE row > ? AND (? IS NULL OR id = ?) ORDER BY row LIMIT ?",
            (after, appliance_id, appliance_id, _PAGE),
        ).fetchall()
        for row, name, boot, seq_next, stored, dead, duplicates in found:
            more = max(0, reached.get(row, 0) - seq_next) if boot else 0
            yield shown(name, boot, seq_next + more, (stored + more, dead, duplicates))
        if len(found) < _PAGE:
            return
        after = found[-1][0]


def fold_reached(connection: sqlite3.Connection) -> None:
    """Apply all notes to the ledger rows."""
    for row, seq_next in read_reached(connection).items():
        for ledger in load_ledgers(connection, "row = ?", (row,)):
            ledger.extend_to(seq_next)
            connection.execute(
                "UPDATE ledger SET next = ?, stored = ?, ranges = ? WHERE row = ?",
                (ledger.next, ledger.stored_count, pack_ranges(ledger), row),
            )
    admitted = connection.execute("SELECT position FROM cursor WHERE name = 'admit'").fetchone()
    connection.execute("INSERT OR REPLACE INTO meta VALUES ('flushed', ?)", (admitted[0] if admitted else 0,))


def read_reached(connection: sqlite3.Connection) -> dict[int, int]:
    """Ledger row → next seq, from the notes of all batches since the last flush."""
    reached: dict[int, int] = {}
    rows = connection.execute(
        "SELECT reached FROM judgement WHERE position > ? AND reached IS NOT NULL ORDER BY position",
        (read_flushed(connection),),
    )
    for (data,) in rows:
        pairs = np.frombuffer(data, dtype=np.int64).reshape(-1, 2)
        reached.update(zip(pairs[:, 0].tolist(), pairs[:, 1].tolist(), strict=True))
    return reached


def read_flushed(connection: sqlite3.Connection) -> int:
    """Up to which batch all rows are written."""
    row = connection.execute("SELECT value FROM meta WHERE key = 'flushed'").fetchone()
    return int(row[0]) if row else 0
