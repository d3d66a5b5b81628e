"""The SQLite file under the embedded store: its tables, and how connections to it are opened.

``page`` holds rows sorted by (appliance, time), about a thousand to a compressed piece, each identity in one page only;
``tail`` holds the newest writes as they came until there are enough of them to make a run of pages. ``appliance`` knows,
of what is in pages, each appliance's newest time and its metrics.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ingest.store import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

VERSION = 1
PAGE_BYTES = 16_384
WAL_PAGES = 4_000
BLANK_PAGES = 1_000
BUSY_S = 15.0

_TABLES = """
CREATE TABLE IF NOT EXISTS kind (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS metric (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS appliance (
    number INTEGER PRIMARY KEY AUTOINCREMENT, kind INTEGER NOT NULL, id TEXT NOT NULL,
    last_ns INTEGER NOT NULL DEFAULT -1, metrics BLOB NOT NULL DEFAULT x'', UNIQUE (kind, id));
CREATE TABLE IF NOT EXISTS page (
    number INTEGER PRIMARY KEY, kind INTEGER NOT NULL, first_who INTEGER NOT NULL, last_who INTEGER NOT NULL,
    first_ns INTEGER NOT NULL, last_ns INTEGER NOT NULL, samples INTEGER NOT NULL, readings INTEGER NOT NULL,
    body BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS page_span ON page (kind, last_ns, first_ns, first_who, last_who, samples, readings);
CREATE TABLE IF NOT EXISTS tail (
    number INTEGER PRIMARY KEY, kind INTEGER NOT NULL, tier INTEGER NOT NULL, samples INTEGER NOT NULL,
    size INTEGER NOT NULL, first_ns INTEGER NOT NULL, last_ns INTEGER NOT NULL, head BLOB NOT NULL, who BLOB NOT NULL, body BLOB NOT NULL);
"""


class Connection(sqlite3.Connection):
    """A connection that counts the blobs it has opened: CPython keeps a weak reference to each, closed or not, as long as it lives."""

    blobs_opened = 0

    def blobopen(  # noqa: D102  (as sqlite3 has it)
        self, table: str, column: str, row: int, /, *, readonly: bool = False, name: str = "main"
    ) -> sqlite3.Blob:
        self.blobs_opened += 1
        return super().blobopen(table, column, row, readonly=readonly, name=name)


def connect(path: Path, *, cache_kib: int) -> Connection:
    """A connection that any thread may use, one at a time; every commit is durable when it returns."""
    connection = sqlite3.connect(
        path, timeout=BUSY_S, isolation_level=None, check_same_thread=False, factory=Connection
    )
    connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(f"PRAGMA wal_autocheckpoint = {WAL_PAGES}")
    connection.execute(f"PRAGMA journal_size_limit = {WAL_PAGES * PAGE_BYTES}")
    connection.execute(f"PRAGMA cache_size = -{cache_kib}")
    return connection


def create(connection: sqlite3.Connection, path: Path) -> None:
    """Create what is missing; raises :class:`StoreUnavailable` where the file is a newer Fettle's."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > VERSION:
        raise StoreUnavailable(f"{path} was written by a newer Fettle (store version {version}); use that one.")
    if version == 0:
        connection.executescript(f"BEGIN IMMEDIATE; {_TABLES} PRAGMA user_version = {VERSION}; COMMIT;")


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into :class:`StoreUnavailable` with a sentence that names the file."""
    try:
        yield
    except sqlite3.OperationalError as error:
        kind = "busy" if "locked" in str(error) else "error"
        raise StoreUnavailable(f"The telemetry store {path} can't be used now: {error}.", kind=kind) from error
    except sqlite3.DatabaseError as error:
        cure = "restore a copy of it; or move it away, and a new one begins with what the journal brings from now on"
        raise StoreUnavailable(f"The telemetry store {path} is damaged ({error}): {cure}.", kind="error") from error


@contextmanager
def transaction(connection: sqlite3.Connection, mode: str) -> Iterator[None]:
    """One transaction; it is rolled back when the body raises."""
    connection.execute(f"BEGIN {mode}")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def scrub(connection: sqlite3.Connection) -> None:
    """Overwrite the free pages with zeros and empty the write-ahead log, so that nothing deleted can be read from disk."""
    (pages,) = connection.execute("PRAGMA freelist_count").fetchone()
    with transaction(connection, "IMMEDIATE"):
        connection.execute("CREATE TABLE blank (body BLOB)")
        for start in range(0, pages, BLANK_PAGES):
            connection.execute(
                "INSERT INTO blank VALUES (zeroblob(?))", (min(BLANK_PAGES, pages - start) * PAGE_BYTES,)
            )
        connection.execute("DROP TABLE blank")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
