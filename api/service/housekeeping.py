"""Keeps the journal bounded: what every reader has durably behind it goes when the journal has grown beyond its share.

What a reader has not read stays, however large that gets: nothing acknowledged is lost for want of space.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from alerts.cursors.checkpoint import DETECT, read_cursor
from alerts.database import Transaction
from alerts.errors import UnavailableError
from alerts.inbox import CURSOR as DESK
from ingest.books.file import BooksError
from ingest.journal import JournalError

if TYPE_CHECKING:
    from alerts.desk import Desk
    from ingest.books.books import Books
    from ingest.journal import Journal

log = structlog.get_logger()

LOOK_EVERY_S = 60.0


def durable_cursors(books: Books, desk: Desk) -> dict[str, int]:
    """How far each reader has read for good."""

    def of_desk(t: Transaction) -> dict[str, int]:
        return {"detect": read_cursor(t, DETECT), "desk": read_cursor(t, DESK)}

    return {"admit": books.cursor("admit"), "store": books.cursor("store"), **desk.unit.look(of_desk)}


@dataclass(frozen=True, slots=True)
class Housekeeping:
    """Drops old parts of the journal and the judgements that belong to them."""

    journal: Journal
    books: Books
    desk: Desk
    keep_bytes: int

    def run_once(self) -> int:
        """Drop what may go, if the journal is too large, and tell the journal's watchers who has read what.

        Judgements go with the batches that the journal no longer has, whoever has dropped those. Returns the bytes freed.
        """
        cursors = durable_cursors(self.books, self.desk)
        freed = 0
        if self.journal.size_bytes() > self.keep_bytes:
            read_by_all = min(cursors.values())
            freed = self.journal.prune(read_by_all)
            if freed:
                log.info("journal_pruned", freed_bytes=freed, before=read_by_all)
        self.books.prune(self.journal.oldest())
        self.journal.show_cursors(cursors)
        return freed

    def loop(self, every_s: float = LOOK_EVERY_S) -> Callable[[threading.Event], None]:
        """Look again and again; what is not possible now is possible later."""

        def run(stop: threading.Event) -> None:
            while not stop.wait(every_s):
                try:
                    self.run_once()
                except (UnavailableError, BooksError, JournalError) as error:
                    log.warning("journal_not_pruned", sentence=str(error))

        return run
