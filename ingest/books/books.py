"""The books: what admission has decided, in one SQLite file (``books.db``).

Judgements, ledger, dead letters, the registry and the cursors ``admit`` and ``store``. One admitted journal batch is one
transaction (WAL, ``synchronous=FULL``), so after a crash everything stands as before the batch or as after it.

Ledger rows are not rewritten for every message: a batch carries a note "row r has reached seq n" per appliance, and the rows
themselves are written when something irregular happened or twice a minute. Readers, also in another process, apply the
notes to the rows, so what they see is exact at any moment. Errors: file.py.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ingest.books import dead_letters, ledger_table, replays
from ingest.books.dead_letters import DeadLetter, DeadLetterQuota, KeptLetter
from ingest.books.file import BooksBusy, BooksError, BooksFile, open_file
from ingest.books.judgement import Judgement, pack_notes, pack_times, unpack_notes, unpack_times
from ingest.books.ledger import BootLedger, LedgerRow
from ingest.books.replays import AskedLetter, ReplayAnswer, Replayed
from ingest.wire.dead_letter import RefusalReason

FILE_NAME = "books.db"
CURSORS = ("admit", "store")


class Registration(NamedTuple):
    """An appliance seen for the first time, or whose birth told how it delivers."""

    appliance_id: str
    kind: str
    first_seen_ms: int
    is_buffered: bool = False


class Registered(NamedTuple):
    """What the registry says of one appliance; the kind is ``None`` where it isn't registered."""

    kind: str | None = None
    is_retired: bool = False
    is_buffered: bool = False


class NameUse(NamedTuple):
    """On this day an appliance reported a metric that no profile knows."""

    appliance_id: str
    name: str
    kind: str
    day: int


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
    names: Sequence[NameUse] = ()
    learned: Mapping[str, bytes | None] = field(default_factory=dict)
    """What the codecs remember anew by it, None for what they have forgotten."""
    replayed: Sequence[Replayed] = ()
    """How the dead letters have ended that came again in it."""


class Books(BooksFile):
    """The books, open. One process writes batches, any number may read."""

    def __init__(self, connection: sqlite3.Connection, quota: DeadLetterQuota) -> None:
        super().__init__(connection)
        self._quota = quota

    @classmethod
    def open(cls, path: Path, *, read_only: bool = False, quota: DeadLetterQuota | None = None) -> Books:
        """Open or create the file; with ``read_only`` nothing is created and nothing can be changed."""
        return cls(open_file(path, read_only=read_only), quota or DeadLetterQuota())

    def commit(self, entry: Entry) -> None:
        """Write one admitted batch; raises :class:`BooksError` and changes nothing otherwise."""
        judgement = entry.judgement
        reached = np.array(entry.reached, dtype=np.int64).tobytes() if len(entry.reached) else None
        with self.transaction() as connection:
            connection.execute(
                "INSERT INTO judgement (position, received_ms, count, codes, times, reached, said, notes)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    judgement.position,
                    judgement.received_ms,
                    judgement.count,
                    judgement.codes,
                    pack_times(judgement.times),
                    reached,
                    judgement.meanings,
                    pack_notes(judgement),
                ),
            )
            ledger_table.write_ledgers(connection, entry.rows, judgement.position)
            connection.executemany(
                "INSERT INTO appliance (id, kind, first_seen_ms, is_buffered) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (id) DO UPDATE SET is_buffered = excluded.is_buffered",
                entry.registrations,
            )
            connection.executemany(
                "INSERT OR REPLACE INTO window VALUES (?, ?, ?, ?, ?)",
                [(item.appliance_id, item.slot, item.stream, item.ts_ms, item.checksum) for item in entry.windows],
            )
            connection.executemany(
                "INSERT INTO metric_name (id, name, kind, day) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (id, name) DO UPDATE SET kind = excluded.kind, day = excluded.day",
                entry.names,
            )
            _keep_learned(connection, entry.learned)
            dead_letters.insert_dead_letters(connection, judgement, entry.dead_letters)
            dead_letters.drop_beyond(connection, self._quota, added=len(entry.dead_letters))
            replays.settle(connection, entry.replayed)
            _save_cursor(connection, "admit", judgement.position)
            if entry.is_flush:
                connection.execute("INSERT OR REPLACE INTO meta VALUES ('flushed', ?)", (judgement.position,))

    def cursor(self, name: str) -> int:
        """How far a reader has read; 0 at first."""
        with self.reading() as connection:
            row = connection.execute("SELECT position FROM cursor WHERE name = ?", (name,)).fetchone()
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
        with self.reading() as connection:
            rows = connection.execute(
                "SELECT position, received_ms, count, codes, times, said, notes FROM judgement WHERE position > ?"
                " ORDER BY position LIMIT ?",
                (after, limit),
            ).fetchall()
        return [
            Judgement(row[0], row[1], row[2], row[3], unpack_times(row[4]), row[5], *unpack_notes(row[6]))
            for row in rows
        ]

    def prune(self, before: int) -> int:
        """Drop judgements below a position, when the journal has dropped their batches; returns how many."""
        with self.transaction() as connection:
            flushed = ledger_table.read_flushed(connection)
            cursor = connection.execute("DELETE FROM judgement WHERE position < ? AND position <= ?", (before, flushed))
            return cursor.rowcount

    def ledger_rows(self, appliance_id: str | None = None) -> Iterator[LedgerRow]:
        """All rows, or those of one appliance, exact as of the last admitted batch; in order of first sight."""
        with self.snapshot() as connection:
            yield from ledger_table.list_ledger(connection, appliance_id)

    def dead_letters(self, *, reason: RefusalReason | None = None) -> Iterator[KeptLetter]:
        """All kept dead letters, oldest first."""
        with self.snapshot() as connection:
            yield from dead_letters.list_dead_letters(connection, reason=reason)

    def newest_dead_letters(
        self, *, before: int | None = None, limit: int = 50, reason: RefusalReason | None = None
    ) -> list[KeptLetter]:
        """A page of kept dead letters, newest first; the next page is before the last one's number."""
        with self.snapshot() as connection:
            return dead_letters.newest_dead_letters(connection, before=before, limit=limit, reason=reason)

    def dead_letter_counts(self) -> dict[RefusalReason, int]:
        """How many were refused since the books began, by reason; dropped ones included."""
        with self.snapshot() as connection:
            return dead_letters.dead_letter_counts(connection)

    def kept_letter_counts(self) -> dict[RefusalReason, int]:
        """How many letters are kept, by reason."""
        with self.snapshot() as connection:
            return dead_letters.kept_counts(connection)

    def replay_answer(self, number: int) -> ReplayAnswer:
        """Whether a dead letter can be judged again."""
        with self.reading() as connection:
            return replays.answer_of(connection, number)

    def replayable(self, reason: RefusalReason) -> list[int]:
        """The dead letters of one reason that can be judged again."""
        with self.reading() as connection:
            return replays.replayable(connection, reason)

    def ask_replay(self, numbers: Collection[int], *, now_ms: int) -> int:
        """Have dead letters judged again; returns how many were not asked for yet. Admission takes them up by itself."""
        with self.transaction() as connection:
            return replays.ask(connection, numbers, now_ms)

    def asked_letters(self, *, limit: int) -> list[AskedLetter]:
        """The first dead letters that are to be judged again; nothing is written where there are none."""
        with self.reading() as connection:
            if connection.execute("SELECT 1 FROM replay LIMIT 1").fetchone() is None:
                return []
        with self.transaction() as connection:
            return replays.asked_letters(connection, limit=limit)

    def asked_of(self, numbers: Sequence[int]) -> dict[int, AskedLetter]:
        """Those of some dead letters that are to be judged again, by number."""
        with self.reading() as connection:
            return replays.asked_of(connection, numbers)

    def settle_replays(self, replayed: Sequence[Replayed]) -> None:
        """Write how dead letters have ended that can't even come again."""
        with self.transaction() as connection:
            replays.settle(connection, replayed)

    def keep_dead_letters(self, judgement: Judgement, letters: Sequence[DeadLetter]) -> None:
        """Keep what a reader could not take of an admitted batch; a letter that is kept already is kept once."""
        with self.transaction() as connection:
            fresh = dead_letters.not_kept(connection, judgement, letters)
            dead_letters.insert_dead_letters(connection, judgement, fresh)
            dead_letters.drop_beyond(connection, self._quota, added=len(fresh))

    def start_admitting(self) -> int:
        """Apply all notes to the ledger rows, once when admission starts; returns the first free row."""
        with self.transaction() as connection:
            ledger_table.fold_reached(connection)
            (row,) = connection.execute("SELECT coalesce(max(row), 0) FROM ledger").fetchone()
        return int(row) + 1

    def registry_version(self) -> int:
        """Counts the changes that operators made to the registry."""
        with self.reading() as connection:
            row = connection.execute("SELECT value FROM meta WHERE key = 'registry_version'").fetchone()
        return int(row[0]) if row else 0

    def registered(self, appliance_id: str) -> Registered:
        """Kind, retirement and delivery class of one appliance."""
        with self.reading() as connection:
            row = connection.execute(
                "SELECT kind, retired_ms, is_buffered FROM appliance WHERE id = ?", (appliance_id,)
            ).fetchone()
        return Registered(row[0], row[1] is not None, bool(row[2])) if row else Registered()

    def kinds(self) -> set[str]:
        """The kinds of all appliances in service."""
        with self.reading() as connection:
            rows = connection.execute("SELECT DISTINCT kind FROM appliance WHERE retired_ms IS NULL").fetchall()
        return {row[0] for row in rows}

    def known_ids(self, *, limit: int) -> set[str] | None:
        """Every id with a ledger row or in the registry, or ``None`` where there are more than ``limit``."""
        with self.reading() as connection:
            rows = connection.execute(
                "SELECT id FROM ledger UNION SELECT id FROM appliance LIMIT ?", (limit + 1,)
            ).fetchall()
        return None if len(rows) > limit else {row[0] for row in rows}

    def load_ledgers(self, appliance_id: str, *, limit: int) -> list[BootLedger]:
        """The most recently used boots of an appliance, newest first; rows must be flushed."""
        with self.reading() as connection:
            return ledger_table.load_ledgers(connection, "id = ? ORDER BY touched DESC LIMIT ?", (appliance_id, limit))

    def load_ledger(self, appliance_id: str, boot: str) -> BootLedger | None:
        """One boot's ledger; rows must be flushed."""
        with self.reading() as connection:
            found = ledger_table.load_ledgers(connection, "id = ? AND boot = ?", (appliance_id, boot))
        return found[0] if found else None

    def load_window(self, appliance_id: str, *, limit: int) -> list[WindowEntry]:
        """The remembered messages of a client without boot."""
        with self.reading() as connection:
            rows = connection.execute(
                "SELECT id, slot, stream, ts, checksum FROM window WHERE id = ? LIMIT ?", (appliance_id, limit)
            ).fetchall()
        return [WindowEntry(*row) for row in rows]

    def memory(self) -> dict[str, bytes]:
        """All that the codecs remember, what was learned last at the end."""
        with self.reading() as connection:
            return dict(connection.execute("SELECT key, said FROM memory ORDER BY number").fetchall())

    def names_of(self, appliance_id: str) -> dict[str, int]:
        """The metrics of an appliance that no profile knows, and the day on which each was last heard."""
        with self.reading() as connection:
            rows = connection.execute("SELECT name, day FROM metric_name WHERE id = ?", (appliance_id,)).fetchall()
        return dict(rows)

    def names_of_kind(self, kind: str) -> set[str]:
        """The metrics of all appliances of a kind that no profile knows."""
        with self.reading() as connection:
            rows = connection.execute("SELECT DISTINCT name FROM metric_name WHERE kind = ?", (kind,)).fetchall()
        return {row[0] for row in rows}

    def free_names(self, before_day: int, *, appliance_id: str | None = None, kind: str | None = None) -> int:
        """Forget the names of an appliance or of a kind that were last heard before a day; returns how many."""
        with self.transaction() as connection:
            return connection.execute(
                "DELETE FROM metric_name WHERE day < ? AND (id = ? OR kind = ?)", (before_day, appliance_id, kind)
            ).rowcount

    def forget_boots(self, *, keep: int) -> dict[str, int]:
        """Drop the ledgers of boots beyond the newest ``keep`` of each appliance; returns how many of whom."""
        with self.reading() as connection:
            counts = "SELECT id, count(*) - ? FROM ledger GROUP BY id HAVING count(*) > ?"
            beyond = dict(connection.execute(counts, (keep, keep)).fetchall())
        for appliance_id in beyond:
            with self.transaction() as connection:
                ledger_table.forget_boots(connection, appliance_id, keep=keep)
        return beyond

    def cold_has(self, row: int, seq: int, *, is_dead: bool = False) -> bool:
        """Whether an old seq is accounted for on disk, or as dead-lettered."""
        with self.reading() as connection:
            found = connection.execute(
                "SELECT stop, is_dead FROM cold_range WHERE row = ? AND start <= ? ORDER BY start DESC LIMIT 1",
                (row, seq),
            ).fetchone()
        return found is not None and seq < found[0] and (bool(found[1]) or not is_dead)


def _keep_learned(connection: sqlite3.Connection, learned: Mapping[str, bytes | None]) -> None:
    """Write what the codecs remember anew."""
    kept = [(key, said) for key, said in learned.items() if said is not None]
    gone = [(key,) for key, said in learned.items() if said is None]
    connection.executemany("INSERT OR REPLACE INTO memory (key, said) VALUES (?, ?)", kept)
    connection.executemany("DELETE FROM memory WHERE key = ?", gone)


def _save_cursor(connection: sqlite3.Connection, name: str, position: int) -> None:
    connection.execute("INSERT OR REPLACE INTO cursor VALUES (?, ?)", (name, position))


__all__ = [
    "CURSORS",
    "FILE_NAME",
    "Books",
    "BooksBusy",
    "BooksError",
    "Entry",
    "Registered",
    "Registration",
    "WindowEntry",
]
