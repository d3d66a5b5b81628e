"""The books: what admission has decided, in one SQLite file (``books.db``).

Judgements, ledger, dead letters, the registry and the cursors ``admit`` and ``store``. One admitted journal batch is one
transaction (WAL, ``synchronous=FULL``), so after a crash everything stands as before the batch or as after it.

Ledger rows are not rewritten for every message: a batch carries a note "row r has reached seq n" per appliance, and the rows
themselves are written when something irregular happened or twice a minute. Readers, also in another process, apply the
notes to the rows, so what they see is exact at any moment.

Errors: :class:`BooksError` (can't be used, a sentence) > :class:`BooksBusy` (another process holds the file, try again).
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ingest.books.dead_letters import DeadLetter, DeadLetterQuota, drop_beyond, insert_dead_letters
from ingest.books.event_time import Anchor
from ingest.books.judgement import Judgement, pack_times, unpack_times
from ingest.books.ledger import BootLedger, LedgerRow, pack_ranges, unpack_ranges
from ingest.books.schema import SCHEMA, VERSION

FILE_NAME = "books.db"
CURSORS = ("admit", "store")
_BUSY_TIMEOUT_S = 30.0
_LEDGER_PAGE = 2000


class BooksError(Exception):
    """The books can't be used; a whole sentence."""


class BooksBusy(BooksError):  # noqa: N818 - named for what the caller does: wait and try again
    """Another process holds the file for longer than we wait; what was asked may be tried again."""


class Registration(NamedTuple):
    """An appliance seen for the first time, or whose birth told how it delivers."""

    appliance_id: str
    kind: str
    first_seen_ms: int
    is_buffered: bool = False


@dataclass(frozen=True, slots=True)
class WindowEntry:
    """One message of a client without boot, as remembered against duplicates."""

    appliance_id: str
    slot: int
    stream: str
    ts_ms: int
    checksum: int


@dataclass(slots=True)
class Entry:
    """All that one admitted journal batch writes."""

    judgement: Judgement
    reached: Sequence[tuple[int, int]] | NDArray[np.int64] = ()
    """(ledger row, next seq) of every boot that went on without any irregularity; an array is (N, 2)."""
    rows: Sequence[tuple[str, BootLedger]] = ()
    """(appliance id, ledger) of every boot whose row is to be written whole."""
    is_flush: bool = False
    """Whether ``rows`` holds every boot that has moved since the last flush."""
    registrations: Sequence[Registration] = ()
    dead_letters: Sequence[DeadLetter] = ()
    windows: Sequence[WindowEntry] = field(default_factory=list)


class Books:
    """One open file. Safe to call from several threads; one process writes batches, any number may read."""

    def __init__(self, connection: sqlite3.Connection, quota: DeadLetterQuota) -> None:
        self.connection = connection
        self.lock = threading.RLock()
        self._quota = quota

    @classmethod
    def open(cls, path: Path, *, read_only: bool = False, quota: DeadLetterQuota | None = None) -> Books:
        """Open or create the file; with ``read_only`` nothing is created and nothing can be changed."""
        if read_only and not path.exists():
            raise BooksError(f"{path} isn't there: has the service run on this data folder?")
        try:
            if not read_only:
                path.parent.mkdir(parents=True, exist_ok=True)
            mode = "ro" if read_only else "rwc"
            connection = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode={mode}",
                uri=True,
                timeout=_BUSY_TIMEOUT_S,
                isolation_level=None,
                check_same_thread=False,
            )
            _prepare(connection, path, read_only=read_only)
        except (sqlite3.Error, OSError) as error:
            raise BooksError(f"{path} can't be opened: {error}") from error
        return cls(connection, quota or DeadLetterQuota())

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """One transaction of the calling thread; all or nothing."""
        with self.lock:
            try:
                self.connection.execute("BEGIN IMMEDIATE")
                try:
                    yield self.connection
                    self.connection.execute("COMMIT")
                except BaseException:
                    if self.connection.in_transaction:
                        self.connection.execute("ROLLBACK")
                    raise
            except (sqlite3.IntegrityError, sqlite3.ProgrammingError):
                raise
            except sqlite3.DatabaseError as error:
                busy = error.sqlite_errorcode in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
                raise (BooksBusy if busy else BooksError)(f"the books can't be written: {error}") from error

    def commit(self, entry: Entry) -> None:
        """Write one admitted batch; raises :class:`BooksError` and changes nothing otherwise."""
        judgement = entry.judgement
        reached = np.array(entry.reached, dtype=np.int64).tobytes() if len(entry.reached) else None
        with self.transaction() as connection:
            connection.execute(
                "INSERT INTO judgement VALUES (?, ?, ?, ?, ?, ?)",
                (
                    judgement.position,
                    judgement.received_ms,
                    judgement.count,
                    judgement.codes,
                    pack_times(judgement.times),
                    reached,
                ),
            )
            self._write_rows(connection, entry.rows, judgement.position)
            connection.executemany(
                "INSERT INTO appliance (id, kind, first_seen_ms, is_buffered) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (id) DO UPDATE SET is_buffered = excluded.is_buffered",
                entry.registrations,
            )
            connection.executemany(
                "INSERT OR REPLACE INTO window VALUES (?, ?, ?, ?, ?)",
                [(item.appliance_id, item.slot, item.stream, item.ts_ms, item.checksum) for item in entry.windows],
            )
            insert_dead_letters(connection, judgement, entry.dead_letters)
            drop_beyond(connection, self._quota, added=bool(entry.dead_letters))
            _save_cursor(connection, "admit", judgement.position)
            if entry.is_flush:
                connection.execute("INSERT OR REPLACE INTO meta VALUES ('flushed', ?)", (judgement.position,))

    def cursor(self, name: str) -> int:
        """How far a reader has read; 0 at first."""
        with self.lock:
            row = self.connection.execute("SELECT position FROM cursor WHERE name = ?", (name,)).fetchone()
        return int(row[0]) if row else 0

    def save_cursor(self, name: str, position: int) -> None:
        """Make a reader's position durable."""
        if name not in CURSORS:
            raise BooksError(f"the books keep no cursor {name!r}; known: {', '.join(CURSORS)}")
        with self.transaction() as connection:
            _save_cursor(connection, name, position)

    def judgement(self, position: int) -> Judgement | None:
        """The judgement of one batch, ``None`` where it is not admitted yet or long gone."""
        found = self.judgements(position - 1, limit=1)
        return found[0] if found and found[0].position == position else None

    def judgements(self, after: int, *, limit: int = 100) -> list[Judgement]:
        """The judgements behind a position, oldest first."""
        with self.lock:
            rows = self.connection.execute(
                "SELECT position, received_ms, count, codes, times FROM judgement WHERE position > ?"
                " ORDER BY position LIMIT ?",
                (after, limit),
            ).fetchall()
        return [Judgement(row[0], row[1], row[2], row[3], unpack_times(row[4])) for row in rows]

    def prune(self, before: int) -> int:
        """Drop judgements below a position, when the journal has dropped their batches; returns how many."""
        with self.transaction() as connection:
            flushed = _flushed(connection)
            cursor = connection.execute("DELETE FROM judgement WHERE position < ? AND position <= ?", (before, flushed))
            return cursor.rowcount

    def ledger_rows(self, appliance_id: str | None = None) -> Iterator[LedgerRow]:
        """All rows, or those of one appliance, exact as of the last admitted batch; in order of first sight."""
        with self.snapshot() as connection:
            reached = read_reached(connection)
            after = 0
            while True:
                found = connection.execute(
                    "SELECT row, id, boot, next, stored, dead, duplicates FROM ledger"
                    " WHERE row > ? AND (? IS NULL OR id = ?) ORDER BY row LIMIT ?",
                    (after, appliance_id, appliance_id, _LEDGER_PAGE),
                ).fetchall()
                for row, name, boot, seq_next, stored, dead, duplicates in found:
                    more = max(0, reached.get(row, 0) - seq_next) if boot else 0
                    yield _shown(name, boot, seq_next + more, (stored + more, dead, duplicates))
                if len(found) < _LEDGER_PAGE:
                    return
                after = found[-1][0]

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """A consistent view for several reads, on a connection of its own so that writing goes on beside it."""
        path = self.connection.execute("PRAGMA database_list").fetchone()[2]
        connection = sqlite3.connect(
            f"{Path(path).as_uri()}?mode=ro",
            uri=True,
            timeout=_BUSY_TIMEOUT_S,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            connection.execute("BEGIN")
            yield connection
        finally:
            connection.close()

    def close(self) -> None:
        """Release the file."""
        with self.lock:
            self.connection.close()

    def fold_reached(self) -> None:
        """Apply all notes to the ledger rows; done once when admission starts."""
        with self.transaction() as connection:
            for row, seq_next in read_reached(connection).items():
                found = connection.execute("SELECT next, ranges FROM ledger WHERE row = ?", (row,)).fetchone()
                if found is None or found[0] >= seq_next:
                    continue
                ledger = BootLedger(row, "x")
                unpack_ranges(ledger, found[1])
                ledger.next = found[0]
                ledger.extend_to(seq_next)
                connection.execute(
                    "UPDATE ledger SET next = ?, stored = stored + ?, ranges = ? WHERE row = ?",
                    (seq_next, seq_next - found[0], pack_ranges(ledger), row),
                )
            admitted = connection.execute("SELECT position FROM cursor WHERE name = 'admit'").fetchone()
            connection.execute("INSERT OR REPLACE INTO meta VALUES ('flushed', ?)", (admitted[0] if admitted else 0,))

    def known_ids(self, *, limit: int) -> set[str] | None:
        """Every id with a ledger row or in the registry, or ``None`` where there are more than ``limit``."""
        with self.lock:
            rows = self.connection.execute(
                "SELECT id FROM ledger UNION SELECT id FROM appliance LIMIT ?", (limit + 1,)
            ).fetchall()
        return None if len(rows) > limit else {row[0] for row in rows}

    def load_ledgers(self, appliance_id: str, *, limit: int) -> list[BootLedger]:
        """The most recently used boots of an appliance, newest first; rows must be flushed."""
        return self._load("id = ? ORDER BY touched DESC LIMIT ?", (appliance_id, limit))

    def load_ledger(self, appliance_id: str, boot: str) -> BootLedger | None:
        """One boot's ledger; rows must be flushed."""
        found = self._load("id = ? AND boot = ?", (appliance_id, boot))
        return found[0] if found else None

    def cold_has(self, row: int, seq: int) -> bool:
        """Whether an old seq is accounted for on disk."""
        with self.lock:
            found = self.connection.execute(
                "SELECT stop FROM cold_range WHERE row = ? AND start <= ? ORDER BY start DESC LIMIT 1", (row, seq)
            ).fetchone()
        return found is not None and seq < found[0]

    def _load(self, where: str, values: tuple[object, ...]) -> list[BootLedger]:
        """Ledgers by a condition of our own making."""
        query = (
            "SELECT row, boot, next, stored, dead, duplicates, floor, settled, anchor_ts, anchor_up, ranges"
            " FROM ledger WHERE "
        )
        with self.lock:
            rows = self.connection.execute(query + where, values).fetchall()
        return [_ledger_of(row) for row in rows]

    @staticmethod
    def _write_rows(connection: sqlite3.Connection, rows: Sequence[tuple[str, BootLedger]], position: int) -> None:
        """Write whole ledger rows and what has gone cold."""
        connection.executemany(
            "INSERT INTO ledger (row, id, boot, next, stored, dead, duplicates, floor, settled, anchor_ts, anchor_up,"
            " ranges, touched) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (row) DO UPDATE SET next = excluded.next, stored = excluded.stored, dead = excluded.dead,"
            " duplicates = excluded.duplicates, floor = excluded.floor, settled = excluded.settled,"
            " anchor_ts = excluded.anchor_ts, anchor_up = excluded.anchor_up, ranges = excluded.ranges,"
            " touched = excluded.touched",
            [(*_values_of(appliance_id, ledger), position) for appliance_id, ledger in rows],
        )
        connection.executemany(
            "INSERT OR IGNORE INTO cold_range VALUES (?, ?, ?, ?)",
            [(ledger.row, start, stop, dead) for _, ledger in rows for start, stop, dead in ledger.cold],
        )


def read_reached(connection: sqlite3.Connection) -> dict[int, int]:
    """Ledger row → next seq, from the notes of all batches since the last flush."""
    reached: dict[int, int] = {}
    rows = connection.execute(
        "SELECT reached FROM judgement WHERE position > ? AND reached IS NOT NULL ORDER BY position",
        (_flushed(connection),),
    )
    for (data,) in rows:
        pairs = np.frombuffer(data, dtype=np.int64).reshape(-1, 2)
        reached.update(zip(pairs[:, 0].tolist(), pairs[:, 1].tolist(), strict=True))
    return reached


def _prepare(connection: sqlite3.Connection, path: Path, *, read_only: bool) -> None:
    """Check the version, create the schema, and set how to write."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > VERSION:
        connection.close()
        raise BooksError(
            f"{path} was written by a newer Fettle (version {version}, this one knows {VERSION}); update Fettle"
        )
    if read_only:
        if version == 0:
            connection.close()
            raise BooksError(f"{path} holds no books yet: has the service run on this data folder?")
        return
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA cache_size = -4096")
    if version == 0:
        connection.executescript(f"BEGIN IMMEDIATE; {SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;")


def _save_cursor(connection: sqlite3.Connection, name: str, position: int) -> None:
    connection.execute("INSERT OR REPLACE INTO cursor VALUES (?, ?)", (name, position))


def _flushed(connection: sqlite3.Connection) -> int:
    row = connection.execute("SELECT value FROM meta WHERE key = 'flushed'").fetchone()
    return int(row[0]) if row else 0


def _shown(name: str, boot: str, seq_next: int, counts: tuple[int, int, int]) -> LedgerRow:
    stored, dead, duplicates = counts
    if not boot:
        return LedgerRow(name, None, None, stored, dead, None, duplicates)
    return LedgerRow(name, boot, seq_next - 1, stored, dead, seq_next - stored - dead, duplicates)


def _ledger_of(row: tuple[int, str, int, int, int, int, int, int, int | None, int, bytes]) -> BootLedger:
    ledger = BootLedger(row[0], row[1])
    ledger.next, ledger.stored_count, ledger.dead_count, ledger.duplicates = row[2:6]
    ledger.floor, ledger.settled = row[6:8]
    ledger.anchor = None if row[8] is None else Anchor(row[8], row[9])
    ledger.checksum_base = ledger.next
    unpack_ranges(ledger, row[10])
    return ledger


def _values_of(appliance_id: str, ledger: BootLedger) -> tuple[object, ...]:
    anchor = ledger.anchor
    return (
        ledger.row, appliance_id, ledger.boot, ledger.next, ledger.stored_count, ledger.dead_count, ledger.duplicates,
        ledger.floor, ledger.settled, anchor.ts_ms if anchor else None, anchor.up_ms if anchor else 0,
        pack_ranges(ledger),
    )  # fmt: skip
