"""How the service is: why it is not ready, and what Prometheus reads."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from alerts.errors import DeskError
from alerts.lifecycle import OVER
from api.service.cursor_lag import CursorLag
from api.service.housekeeping import durable_cursors
from ingest.books.dead_letters import dead_letter_counts
from ingest.journal import JournalError
from ingest.wire.dead_letter import Reason

if TYPE_CHECKING:
    from alerts.desk import Desk
    from api.service.rooms import Rooms
    from ingest.books.books import Books
    from ingest.journal import Journal

GAP_FRESH_S = 15.0


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


class DeskSigns(Collector):
    """What any process can say that reads the desk's database and the books."""

    def __init__(self, desk: Desk, books: Callable[[], Books | None]) -> None:
        self._desk = desk
        self._books = books
        self._gap = _Cached(self._count_gap, GAP_FRESH_S)
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)

    def exposition(self) -> bytes:
        """The text that Prometheus reads."""
        return generate_latest(self._registry)

    def collect(self) -> Iterable[Metric]:
        """All figures, as they are now."""
        yield self._dead_letters()
        yield _gauge("fettle_ledger_gap", "messages that appliances sent and that are missing", self._gap.get())
        yield from self._tickets()

    def _count_gap(self) -> int:
        """What is missing of all boots."""
        books = self._books()
        return 0 if books is None else sum(row.gap or 0 for row in books.ledger_rows())

    def _dead_letters(self) -> Metric:
        """Refused messages since the books began, by reason."""
        family = CounterMetricFamily("fettle_dead_letters", "messages refused, by reason", labels=["reason"])
        counts = dict.fromkeys(Reason, 0)
        books = self._books()
        if books is not None:
            with books.snapshot() as connection:
                counts |= dead_letter_counts(connection)
        for reason, count in counts.items():
            family.add_metric([reason.value], count)
        return family

    def _tickets(self) -> Iterable[Metric]:
        """Open tickets; left out while the database is away."""
        try:
            counts = self._desk.ticket_counts()
        except DeskError:
            return
        count = sum(count for state, count in counts.items() if state not in OVER)
        yield _gauge("fettle_tickets_open", "tickets neither closed nor cancelled", count)


class ReaderSigns(DeskSigns):
    """What a process can say that reads the journal as well; it appears once there is something to read."""

    def __init__(self, desk: Desk, books: Callable[[], Books | None], journal: Callable[[], Journal | None]) -> None:
        super().__init__(desk, books)
        self._journal = journal
        self._lag: CursorLag | None = None

    def collect(self) -> Iterable[Metric]:
        """All figures, as they are now; those of the process at the broker as it last wrote them down."""
        yield from self._told()
        books, journal = self._books(), self._journal()
        if books is not None and journal is not None:
            self._lag = self._lag or CursorLag(journal.count_messages)
            lag = self._lag
            yield _gauge("fettle_journal_bytes", "what the journal takes on disk", journal.size_bytes())
            yield cursor_lags(lambda: durable_cursors(books, self._desk), journal.tip, lag)
        yield from super().collect()

    def _told(self) -> Iterable[Metric]:
        """What the process at the broker said of itself; left out while the database is away."""
        try:
            signs = self._desk.signs()
        except DeskError:
            return
        yield _counter(
            "fettle_messages_received", "messages received from the broker", signs.get("messages_received", 0)
        )
        yield store_errors(signs.get("store_errors", {"down": 0}))


class VitalSigns(DeskSigns):
    """Reads the rooms' own figures when it is asked; it keeps none."""

    def __init__(self, rooms: Rooms) -> None:
        super().__init__(rooms.desk, lambda: rooms.books)
        self._rooms = rooms

    def not_ready(self) -> Sequence[str]:
        """What keeps the service from its work, in sentences."""
        rooms = self._rooms
        reasons = []
        session = rooms.pipes.ingester.session.stats
        if not session.is_connected:
            reasons.append(f"broker: {session.sentence}")
        journal = rooms.pipes.ingester.commit_stats.sentence or rooms.pipes.admitter.stats.journal_sentence
        if journal or (journal := rooms.journal.trouble()):
            reasons.append(f"journal: {journal}")
        if rooms.pipes.admitter.stats.sentence:
            reasons.append(f"books: {rooms.pipes.admitter.stats.sentence}")
        if rooms.writer.stats.trouble:
            reasons.append(f"telemetry store: {rooms.writer.stats.trouble}")
        return [*reasons, *desk_trouble(rooms.desk)]

    def collect(self) -> Iterable[Metric]:
        """All figures, as they are now."""
        rooms = self._rooms
        ingest = rooms.pipes.ingester.stats
        yield _counter("fettle_messages_received", "messages received from the broker", ingest.messages_received)
        yield _counter("fettle_bytes_received", "bytes received from the broker", ingest.bytes_received)
        acknowledged = ingest.messages_acknowledged
        yield _counter("fettle_messages_acknowledged", "messages acknowledged after the journal", acknowledged)
        is_connected = rooms.pipes.ingester.session.stats.is_connected
        yield _gauge("fettle_broker_connected", "1 while connected", int(is_connected))
        yield _gauge("fettle_journal_bytes", "what the journal takes on disk", rooms.journal.size_bytes())
        errors = rooms.pipes.ingester.commit_stats.errors
        yield _counter("fettle_journal_errors", "failed attempts to write the journal", errors)
        quarantined = rooms.journal.quarantined_batches
        yield _counter("fettle_journal_quarantined_batches", "batches set aside as damaged", quarantined)
        yield _counter("fettle_readings_stored", "readings in the store", rooms.writer.stats.readings_stored)
        yield _counter("fettle_findings_raised", "findings of the detectors", rooms.runner.findings_raised)
        order = rooms.runner.order
        yield _counter("fettle_late_samples", "samples behind the watermark: stored, not scored", order.late_samples)
        yield _gauge("fettle_held_samples", "samples that wait for an earlier one", order.held_samples)
        yield store_errors({"down": 0, **rooms.writer.stats.errors})
        yield cursor_lags(rooms.cursors, rooms.journal.tip, rooms.pipes.lag)
        yield from super().collect()


def store_errors(counts: Mapping[str, int]) -> Metric:
    """Failed attempts to write, by kind."""
    family = CounterMetricFamily("fettle_store_errors", "failed attempts to write", labels=["kind"])
    for kind, count in counts.items():
        family.add_metric([kind], count)
    return family


def cursor_lags(cursors: Callable[[], Mapping[str, int]], tip: Callable[[], int], lag: CursorLag) -> Metric:
    """How far each reader is behind, in messages; left out while the database or the journal is away."""
    family = GaugeMetricFamily("fettle_cursor_lag_messages", "messages a reader is behind", labels=["cursor"])
    try:
        end = tip()
        for name, position in cursors().items():
            family.add_metric([name], lag.behind(position, tip=end, cursor=name))
    except (DeskError, JournalError):
        return family
    return family


def desk_trouble(desk: Desk) -> Sequence[str]:
    """Why the desk's database can't be used now, if it can't."""
    try:
        desk.check()
    except DeskError as error:
        return [f"desk database: {error}"]
    return []


def _counter(name: str, doc: str, value: float) -> Metric:
    """A counter without labels."""
    return CounterMetricFamily(name, doc, value=value)


def _gauge(name: str, doc: str, value: float) -> Metric:
    """A gauge without labels."""
    return GaugeMetricFamily(name, doc, value=value)
