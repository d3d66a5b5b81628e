"""Loop: drop what nobody needs any more from the journal, and its judgements from the books.

A batch is dropped when every reader is past it and it is older than ``keep_ms``; recent ones are kept so that detectors
can be run over them again. A reader that stands still keeps everything behind its cursor: nothing is dropped unread.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import structlog

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ingest.clock import Clock
    from ingest.journal import Journal

log = structlog.get_logger(__name__)

KEEP_MS = 7 * 86_400_000
EVERY_MS = 600_000


class JudgementArchive(Protocol):
    """What retention needs of the books (:class:`ingest.books.books.Books`)."""

    def prune(self, before: int) -> int:
        """Drop judgements below a position."""
        ...


class JournalRetention:
    """Prunes the journal now and then; any one thread drives it."""

    def __init__(
        self,
        journal: Journal,
        books: JudgementArchive,
        cursors: Callable[[], Mapping[str, int]],
        clock: Clock,
        *,
        keep_ms: int = KEEP_MS,
    ) -> None:
        """``cursors`` says how far each reader has durably read."""
        self._journal = journal
        self._books = books
        self._cursors = cursors
        self._clock = clock
        self._keep_ms = keep_ms
        self._next_ms = 0

    def tick(self) -> int:
        """Prune if it is time; the bytes freed."""
        now_ms = self._clock.now_ms()
        if now_ms < self._next_ms:
            return 0
        self._next_ms = now_ms + EVERY_MS
        cursors = self._cursors()
        read_by_all = min(cursors.values(), default=0)
        before = min(read_by_all, self._first_since(now_ms - self._keep_ms))
        freed = self._journal.prune(before)
        if freed:
            self._books.prune(before)
            log.info("journal_pruned", before=before, bytes=freed)
        return freed

    def _first_since(self, received_ms: int) -> int:
        """The first position received at or after a time, one behind the tip where there is none."""
        low, high = 0, self._journal.tip()
        while low < high:
            middle = (low + high) // 2
            batches = self._journal.read(middle, limit_bytes=1)
            if not batches or batches[0].received_ms >= received_ms:
                high = middle
            else:
                low = batches[0].position
        return low + 1
