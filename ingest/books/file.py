"""The file of the books: opening, reading and writing it, with the one border at which SQLite's errors become ours.

Errors: :class:`BooksError` (can't be used, a sentence) > :class:`BooksBusy` (another process holds the file, try again).
What is left through the border are faults of ours: a constraint that is broken, a statement that is none.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ingest.books.schema import MIGRATIONS, SCHEMA, VERSION

_BUSY_TIMEOUT_S = 30.0
_OURS = (sqlite3.IntegrityError, sqlite3.ProgrammingError)
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


class BooksError(Exception):
    """The books can't be used; a whole sentence."""


class BooksBusy(BooksError):  # noqa: N818 - named for what the caller does: wait and try again
    """Another process holds the file for longer than we wait; what was asked may be tried again."""


class BooksFile:
    """One open file. Safe to call from several threads; one process writes batches, any number may read."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.lock = threading.RLock()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """One transaction of the calling thread; all or nothing."""
        with self.lock, translated("written"):
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield self.connection
                self.connection.execute("COMMIT")
            except BaseException:
                if self.connection.in_transaction:
                    self.connection.execute("ROLLBACK")
                raise

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The connection, for one read of the calling thread."""
        with self.lock, translated("read"):
            yield self.connection

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """A consistent view for several reads, on a connection of its own so that writing goes on beside it."""
        with self.reading() as own:
            path = own.execute("PRAGMA database_list").fetchone()[2]
        with translated("read"):
            connection = connect(Path(path), mode="ro")
            try:
                connection.execute("BEGIN")
                yield connection
            finally:
                connection.close()

    def close(self) -> None:
        """Release the file."""
        with self.lock:
            self.connection.close()


def open_file(path: Path, *, read_only: bool) -> sqlite3.Connection:
    """Open or create the file; with ``read_only`` nothing is created and nothing can be changed."""
    if read_only and not path.exists():
        raise BooksError(f"{path} isn't there: has the service run on this data folder?")
    try:
        if not read_only:
            path.parent.mkdir(parents=True, exist_ok=True)
        connection = connect(path, mode="ro" if read_only else "rwc")
        prepare(connection, path, read_only=read_only)
    except (sqlite3.OperationalError, OSError) as error:
        raise BooksError(f"{path} can't be opened: {error}") from error
    except sqlite3.Error as error:
        raise BooksError(
            f"{path}, where the ledger and the appliances stand, is damaged ({error}): restore a copy of it; or move it "
            "away, and what the journal still holds is judged anew, for appliances that are registered anew"
        ) from error
    return connection


def connect(path: Path, *, mode: str) -> sqlite3.Connection:
    """A connection to the file, for any thread."""
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=_BUSY_TIMEOUT_S,
        isolation_level=None,
        check_same_thread=False,
    )


def prepare(connection: sqlite3.Connection, path: Path, *, read_only: bool) -> None:
    """Check the version, create the tables or bring them forward, and set how to write."""
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
    steps = "".join(MIGRATIONS[older] for older in range(version, VERSION)) if version else SCHEMA
    if steps:
        connection.executescript(f"BEGIN IMMEDIATE; {steps} PRAGMA user_version = {VERSION}; COMMIT;")


@contextmanager
def translated(done: str) -> Iterator[None]:
    """SQLite's operating errors as ours; ``done`` is what can't be done now: written or read."""
    try:
        yield
    except _OURS:
        raise
    except sqlite3.DatabaseError as error:
        is_busy = getattr(error, "sqlite_errorcode", 0) & 0xFF in _BUSY
        raise (BooksBusy if is_busy else BooksError)(f"the books can't be {done}: {error}") from error
