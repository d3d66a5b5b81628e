"""How the service is: why it is not ready, and what Prometheus reads."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from alerts.errors import DeskError
from alerts.lifecycle import OVER
from ingest.dead_letters import dead_letter_counts

if TYPE_CHECKING:
    from api.rooms import Rooms

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


@dataclass(slots=True, eq=False)
class VitalSigns(Collector):
    """Reads the rooms' own figures when it is asked; it keeps none."""

    rooms: Rooms
    _registry: CollectorRegistry = field(default_factory=lambda: CollectorRegistry(auto_describe=False))
    _gap: _Cached = field(init=False)

    def __post_init__(self) -> None:
        """Register for :meth:`exposition`."""
        self._gap = _Cached(lambda: sum(row.gap or 0 for row in self.rooms.books.ledger_rows()), GAP_FRESH_S)
        self._registry.register(self)

    def not_ready(self) -> Sequence[str]:
        """What keeps the service from its work, in sentences."""
        rooms = self.rooms
        reasons = []
        session = rooms.pipes.ingester.session.stats
        if not session.is_connected:
            reasons.append(f"broker: {session.sentence}")
        if rooms.pipes.ingester.commit_stats.sentence:
            reasons.append(f"journal: {rooms.pipes.ingester.commit_stats.sentence}")
        if rooms.pipes.admitter.stats.sentence:
            reasons.append(f"books: {rooms.pipes.admitter.stats.sentence}")
        if rooms.writer.stats.trouble:
            reasons.append(f"telemetry store: {rooms.writer.stats.trouble}")
        try:
            rooms.desk.check()
        except DeskError as error:
            reasons.append(f"desk database: {error}")
        return reasons

    def exposition(self) -> bytes:
        """The text that Prometheus reads."""
        return generate_latest(self._registry)

    def collect(self) -> Iterable[Metric]:
        """All figures, as they are now."""
        rooms = self.rooms
        ingest = rooms.pipes.ingester.stats
        yield _counter("fettle_messages_received", "messages received from the broker", ingest.messages_received)
        yield _counter("fettle_bytes_received", "bytes received from the broker", ingest.bytes_received)
        acknowledged = ingest.messages_acknowledged
        yield _counter("fettle_messages_acknowledged", "messages acknowledged after the journal", acknowledged)
        yield _gauge(
            "fettle_broker_connected", "1 while connected", int(rooms.pipes.ingester.session.stats.is_connected)
        )
        yield self._dead_letters()
        yield _gauge("fettle_ledger_gap", "messages that appliances sent and that are missing", self._gap.get())
        yield from self._cursors()
        yield _gauge("fettle_journal_bytes", "what the journal takes on disk", rooms.journal.size_bytes())
        quarantined = rooms.journal.quarantined_batches
        yield _counter("fettle_journal_quarantined_batches", "batches set aside as damaged", quarantined)
        errors = CounterMetricFamily("fettle_store_errors", "failed attempts to write", labels=["kind"])
        for kind, count in {"down": 0, **rooms.writer.stats.errors}.items():
            errors.add_metric([kind], count)
        yield errors
        yield _counter("fettle_readings_stored", "readings in the store", rooms.writer.stats.readings_stored)
        yield _counter("fettle_findings_raised", "findings of the detectors", rooms.runner.findings_raised)
        yield from self._tickets()

    def _dead_letters(self) -> Metric:
        """Refused messages since the books began, by reason."""
        family = CounterMetricFamily("fettle_dead_letters", "messages refused, by reason", labels=["reason"])
        with self.rooms.books.snapshot() as books:
            for reason, count in dead_letter_counts(books).items():
                family.add_metric([reason], count)
        return family

    def _cursors(self) -> Iterable[Metric]:
        """How far each reader is behind, in messages that this process has journalled."""
        rooms = self.rooms
        lag = GaugeMetricFamily("fettle_cursor_lag_messages", "messages a reader is behind", labels=["cursor"])
        for name, position in rooms.cursors().items():
            lag.add_metric([name], rooms.pipes.lag.behind(position, tip=rooms.journal.tip()))
        yield lag

    def _tickets(self) -> Iterable[Metric]:
        """Open tickets; left out while the database is away."""
        try:
            counts = self.rooms.desk.ticket_counts()
        except DeskError:
            return
        count = sum(count for state, count in counts.items() if state not in OVER)
        yield _gauge("fettle_tickets_open", "tickets neither closed nor cancelled", count)


def _counter(name: str, doc: str, value: float) -> Metric:
    """A counter without labels."""
    return CounterMetricFamily(name, doc, value=value)


def _gauge(name: str, doc: str, value: float) -> Metric:
    """A gauge without labels."""
    return GaugeMetricFamily(name, doc, value=value)
