"""Keeps the journal bounded, in size and in age: what every reader has durably behind it goes when it is old or too much.

What a reader has not read stays, however large or old that gets: nothing acknowledged is lost for want of space.
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
BOOTS_KEPT = 1000
"""Ledger rows of one appliance: one that makes up a boot for each message fills nobody's disk."""


def durable_cursors(books: Books, desk: Desk) -> dict[str, int]:
    """How far each reader has read for good."""

    def of_desk(t: Transaction) -> dict[str, int]:
        return {"detect": read_cursor(t, DETECT), "desk": read_cursor(t, DESK)}

    return {"admit": books.cursor("admit"), "store": books.cursor("store"), **desk.unit.look(of_desk)}


@dataclass(slots=True)
class Housekeeping:
    """Drops old parts of the journal and the judgements that belong to them."""

    journal: Journal
    books: Books
    desk: Desk
    keep_bytes: int
    keep_ms: int
    """How long what was received is kept, however little it is."""
    _oldest: tuple[int, int] | None = None
    """The journal's oldest position and when it was received: looked up once."""

    def run_once(self) -> int:
        """Drop what may go, and tell the journal's watchers who has read what.

        Judgements go with the batches that the journal no longer has, whoever has dropped those. Returns the bytes freed.
        """
        cursors = durable_cursors(self.books, self.desk)
        before = read_by_all = min(cursors.values())
        if self.journal.size_bytes() <= self.keep_bytes:
            before = min(read_by_all, self._first_since(self.desk.unit.clock.now_ms() - self.keep_ms))
        freed = self.journal.prune(before)
        if freed:
            log.info("journal_pruned", freed_bytes=freed, before=before)
        self.books.prune(self.journal.oldest())
        for appliance_id, count in self.books.forget_boots(keep=BOOTS_KEPT).items():
            log.warning("boots_forgotten", appliance_id=appliance_id, boots=count, kept=BOOTS_KEPT)
        self.journal.show_cursors(cursors)
        return freed

    def _first_since(self, received_ms: int) -> int:
        """The first position received at or after a time; the oldest one where all are, one behind the tip where none is."""
        low, high = self.journal.oldest(), self.journal.tip()
        if self._oldest is None or self._oldest[0] != low:
            batches = self.journal.read(low - 1, limit_bytes=1) if low else []
            self._oldest = (low, batches[0].received_ms) if batches else None
        if self._oldest is None or self._oldest[1] >= received_ms:
            return low
        while low < high:
            middle = (low + high) // 2
            batches = self.journal.read(middle, limit_bytes=1)
            if not batches or batches[0].received_ms >= received_ms:
                high = middle
            else:
                low = batches[0].position
        return low + 1

    def loop(self, every_s: float = LOOK_EVERY_S) -> Callable[[threading.Event], None]:
        """Look again and again; what is not possible now is possible later."""

        def run(stop: threading.Event) -> None:
            while not stop.wait(every_s):
                try:
                    self.run_once()
                except (UnavailableError, BooksError, JournalError) as error:
                    log.warning("journal_not_pruned", sentence=str(error))

        return run
