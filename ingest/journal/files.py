"""The files of a journal's folder, for reading: sound batches in order; what is damaged is set aside, counted, logged once.

A file that can't be read at all (also one of no length) is linked into ``quarantine/``, a batch that doesn't match its
checksum is copied there; the rest is served.
"""

from __future__ import annotations

import os
import re
import sqlite3
import threading
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING

import structlog
import zstandard

from ingest.journal import JournalBatch, JournalError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

log = structlog.get_logger(__name__)

FRAMES_BYTES_MAX = 64 * 2**20
"""No batch unpacks to more: a damaged length may not ask for all memory."""

VERSION = 1
"""Of a file's form, kept as its ``user_version``."""

_OPEN_READERS_MAX = 4
_NAME = re.compile(r"journal-(\d{16})\.db")
"""Copies that somebody has laid beside the files have other names."""


class Files:
    """The files of one folder, for reading."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: dict[int, sqlite3.Connection] = {}
        self._lock = threading.Lock()
        self._damaged: set[int] = set()
        self._recovered: set[int] = set()
        self.quarantined_batches = 0

    def path(self, first: int) -> Path:
        """Where the file that begins with a position is."""
        return self._folder / f"journal-{first:016d}.db"

    def firsts(self) -> list[int]:
        """First position of each file, ascending."""
        return sorted(int(found[1]) for path in self._folder.iterdir() if (found := _NAME.fullmatch(path.name)))

    def tip(self) -> int:
        """The newest position that can be read, 0 for none."""
        for first in reversed(self.firsts()):
            with self._lock, suppress(sqlite3.DatabaseError):
                (tip,) = self._reader(first).execute("SELECT max(position) FROM batch").fetchone()
                if tip is not None:
                    return int(tip)
        return 0

    def count_messages(self, after: int) -> int:
        """How many messages stand behind a position."""
        total = 0
        firsts = self.firsts()
        for first, following in zip(firsts, [*firsts[1:], None], strict=True):
            if following is None or following > after + 1:
                with self._lock, suppress(sqlite3.DatabaseError):
                    query = "SELECT total(count) FROM batch WHERE position > ?"
                    total += int(self._reader(first).execute(query, (after,)).fetchone()[0])
        return total

    def batches(self, after: int) -> Iterator[JournalBatch]:
        """All sound batches behind ``after``, in order; what is damaged is set aside on the way."""
        firsts = self.firsts()
        for number, first in enumerate(firsts):
            following = firsts[number + 1] if number + 1 < len(firsts) else None
            if following is not None and following <= after + 1:
                continue
            while (row := self._next_row(first, following, after)) is not None:
                after = row[0]
                batch = self._check(row)
                if batch is not None:
                    yield batch

    def _next_row(self, first: int, following: int | None, after: int) -> tuple[int, int, int, int, bytes] | None:
        """The row behind ``after``, past pages that can't be read; ``None`` at the end of the file."""
        query = (
            "SELECT position, received_ms, count, crc32, frames FROM batch WHERE position > ? ORDER BY position LIMIT 1"
        )
        while True:
            try:
                with self._lock:
                    row: tuple[int, int, int, int, bytes] | None = (
                        self._reader(first).execute(query, (after,)).fetchone()
                    )
            except sqlite3.OperationalError as error:
                if not self.path(first).exists():
                    return None  # pruned by the process that writes
                if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_READONLY and self._recover(first):
                    continue
                if error.sqlite_errorcode != sqlite3.SQLITE_ERROR:
                    raise JournalError(f"the journal {self._folder} can't be read: {error}") from error
                if following is not None:  # no table: the newest file is about to get one, an older one has lost it
                    self._quarantine_file(first, following, after, str(error))
                return None
            except sqlite3.DatabaseError as error:
                following_row = self._after_damage(first, following, after)
                self._quarantine_file(first, following_row, after, str(error))
                if following_row is None:
                    return None
                after = following_row - 1
                continue
            return row

    def _recover(self, first: int) -> bool:
        """Bring in what the last writer of a file has left in its log; True where there is nothing left of it."""
        if first in self._recovered:
            return False
        self._recovered.add(first)
        with self._lock, suppress(sqlite3.Error):
            old = self._open.pop(first, None)
            if old is not None:
                old.close()
            connection = sqlite3.connect(f"file:{self.path(first)}?mode=rw", uri=True, isolation_level=None, timeout=5)
            try:
                (is_busy, _, _) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            finally:
                connection.close()
            return not is_busy
        return False

    def _after_damage(self, first: int, following: int | None, after: int) -> int | None:
        """The first position behind a damaged page that can be read again, if the index still leads to one."""
        last = self._last(first, following)
        for position in range(max(after + 1, first), last + 1):
            query = "SELECT length(frames), crc32(frames) FROM batch WHERE position = ?"
            with self._lock, suppress(sqlite3.DatabaseError):
                reader = self._reader(first)
                reader.create_function("crc32", 1, zlib.crc32)
                if reader.execute(query, (position,)).fetchone() is not None:
                    return position
        return None

    def _last(self, first: int, following: int | None) -> int:
        if following is not None:
            return min(following - 1, first + 1_000_000)
        with self._lock, suppress(sqlite3.DatabaseError):
            (last,) = self._reader(first).execute("SELECT max(position) FROM batch").fetchone()
            return int(last or 0)
        return 0

    def _check(self, row: tuple[int, int, int, int, bytes]) -> JournalBatch | None:
        position, received_ms, count, crc32, packed = row
        plain = None
        is_whole = isinstance(received_ms, int) and isinstance(count, int) and isinstance(packed, bytes)
        if is_whole and zlib.crc32(packed) == crc32:
            with suppress(zstandard.ZstdError):
                plain = zstandard.ZstdDecompressor().decompress(packed, max_output_size=FRAMES_BYTES_MAX)
        if plain is None:
            self._quarantine_row(position, packed if isinstance(packed, bytes) else repr(packed).encode())
            return None
        return JournalBatch(position, received_ms, count, plain)

    def _quarantine_row(self, position: int, packed: bytes) -> None:
        if position in self._damaged:
            return
        self._damaged.add(position)
        self.quarantined_batches += 1
        aside = self._folder / "quarantine"
        with suppress(OSError):
            aside.mkdir(exist_ok=True)
            (aside / f"batch-{position:016d}.zst").write_bytes(packed)
        log.error("journal_batch_quarantined", position=position, folder=str(self._folder))

    def _quarantine_file(self, first: int, readable_from: int | None, after: int, error: str) -> None:
        lost_from = max(after + 1, first)
        if lost_from in self._damaged:
            return
        self._damaged.add(lost_from)
        lost = max(1, (readable_from or lost_from + 1) - lost_from)
        self.quarantined_batches += lost
        aside = self._folder / "quarantine" / self.path(first).name
        with suppress(OSError):
            aside.parent.mkdir(exist_ok=True)
            if not aside.exists():
                os.link(self.path(first), aside)  # kept when retention drops the file
        log.error("journal_file_quarantined", path=str(self.path(first)), position=lost_from, batches=lost, error=error)

    def _reader(self, first: int) -> sqlite3.Connection:
        connection = self._open.get(first)
        if connection is None:
            while len(self._open) >= _OPEN_READERS_MAX:
                self._open.pop(next(iter(self._open))).close()
            connection = sqlite3.connect(
                f"file:{self.path(first)}?mode=ro", uri=True, check_same_thread=False, isolation_level=None, timeout=5
            )
            connection.text_factory = bytes  # a damaged type is found by the checksum, and by no codec before it
            self._open[first] = connection
            with suppress(sqlite3.DatabaseError):  # what is damaged is found by whoever reads rows
                check_version(connection, self.path(first))
        return connection

    def delete(self, first: int) -> int:
        """Remove one file; the bytes freed."""
        freed = 0
        with self._lock:
            connection = self._open.pop(first, None)
            if connection is not None:
                connection.close()
            for suffix in ("", "-wal", "-shm"):
                path = self.path(first).with_name(self.path(first).name + suffix)
                with suppress(FileNotFoundError):
                    freed += path.stat().st_size
                    path.unlink()
        return freed

    def close(self) -> None:
        """Release all files."""
        with self._lock:
            for connection in self._open.values():
                connection.close()
            self._open.clear()


def check_version(connection: sqlite3.Connection, path: Path) -> None:
    """Raise :class:`JournalError` where a newer Fettle has written a file."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > VERSION:
        raise JournalError(
            f"{path} was written by a newer Fettle (journal version {version}, this one knows {VERSION}); update Fettle"
        )
