"""Signs of what several processes share: the ledger and dead letters in the books, tickets, and how far the readers are."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from alerts.errors import DeskError
from alerts.lifecycle import OVER
from api.service.cursor_lag import CursorLag
from api.service.signs import Signs, counters, gauge, gauges
from ingest.books.file import BooksError
from ingest.journal import JournalError
from ingest.wire.dead_letter import RefusalReason

if TYPE_CHECKING:
    from prometheus_client.core import Metric

    from api.service.rooms import Rooms

GAP_FRESH_S = 15.0
GAP_COUNTED_MAX = 1_000_000
"""No boot counts for more in the figure, so that one message with an odd number hides no gap of others; the ledger has
the exact one."""


@dataclass(slots=True)
class _Cached:
    """A number that is costly to count, kept for a while."""

    count: Callable[[], int]
    fresh_s: float
    value: int = 0
    counted_at: float | None = None

    def get(self) -> int:
        """The number, counted anew where it is old."""
        now = time.monotonic()
        if self.counted_at is None or now - self.counted_at > self.fresh_s:
            self.value, self.counted_at = self.count(), now
        return self.value


@dataclass(slots=True)
class HouseSigns:
    """Asks books, journal and desk of the process that answers."""

    rooms: Rooms
    _lag: CursorLag | None = None

    def signs(self) -> Signs:
        """As the process's vital signs take them."""
        gap = _Cached(lambda: self._count_gap(gap.value), GAP_FRESH_S)

        def figures() -> Iterator[Metric]:
            yield self._dead_letters()
            yield gauge("fettle_ledger_gap", "messages that appliances sent and that are missing", gap.get())
            yield from self._tickets()
            yield from self._journal()

        return Signs(figures, self._lost_positions)

    def _lost_positions(self) -> Iterator[str]:
        """Readers that stand behind the journal's end: what comes would be passed over."""
        journal = self.rooms.journal()
        if journal is None:
            return
        try:
            cursors, tip = self.rooms.cursors(), journal.tip()
        except (BooksError, DeskError, JournalError):
            return
        for name, position in cursors.items():
            if position > tip:
                yield (
                    f"journal: the cursor {name} stands at {position}, behind the journal's end at {tip}: the journal has "
                    "lost what was read, and this reader would pass over what comes; restore the journal or the database."
                )

    def _count_gap(self, before: int) -> int:
        """What is missing of all boots; what it was before while the books can't be read."""
        books = self.rooms.books()
        try:
            return 0 if books is None else sum(min(row.gap or 0, GAP_COUNTED_MAX) for row in books.ledger_rows())
        except BooksError:
            return before

    def _dead_letters(self) -> Metric:
        """Refused messages since the books began, by reason."""
        counts = dict.fromkeys(RefusalReason, 0)
        books = self.rooms.books()
        if books is not None:
            with suppress(BooksError):  # they are locked for a moment: the next look tells
                counts |= books.dead_letter_counts()
        named = {reason.value: float(count) for reason, count in counts.items()}
        return counters("fettle_dead_letters", "messages refused, by reason", "reason", named)

    def _tickets(self) -> Iterator[Metric]:
        """Open tickets; left out while the database is away."""
        try:
            counts = self.rooms.desk.tickets.counts()
        except DeskError:
            return
        count = sum(count for state, count in counts.items() if state not in OVER)
        yield gauge("fettle_tickets_open", "tickets neither closed nor cancelled", count)

    def _journal(self) -> Iterator[Metric]:
        """How large the journal is, and how many messages each reader is behind; left out while nobody can say."""
        journal = self.rooms.journal()
        if journal is None:
            return
        yield gauge("fettle_journal_bytes", "what the journal takes on disk", journal.size_bytes())
        if self._lag is None:
            self._lag = self.rooms.ingest.lag if self.rooms.is_at_broker else CursorLag(journal.count_messages)
        try:
            tip, cursors = journal.tip(), self.rooms.cursors()
            behind = {name: float(self._lag.behind(at, tip=tip, cursor=name)) for name, at in cursors.items()}
            waited = {name: self._lag.waited_s(at, tip=tip) for name, at in cursors.items()}
        except (BooksError, DeskError, JournalError):
            return
        yield gauges("fettle_cursor_lag_messages", "messages a reader is behind", "cursor", behind)
        known = {name: seconds for name, seconds in waited.items() if seconds is not None}
        yield gauges("fettle_cursor_lag_seconds", "how long the oldest of them has waited", "cursor", known)
