"""The room at the broker: everything that the role ``ingest`` has open, and how it is.

Only this room writes journal, books and telemetry store, and only it speaks with the broker.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from api.service.cursor_lag import CursorLag
from api.service.line import Line
from api.service.signs import Signs, counter, counters, gauge
from ingest.admission.admission import AdmissionSettings
from ingest.books.books import FILE_NAME, Books
from ingest.books.event_time import DAY_MS, AcceptanceWindow
from ingest.feed.unstorable import keep_unstorable
from ingest.journal import Journal, JournalBatch
from ingest.journal.opening import open_journal_writer
from ingest.loops.lessons import LessonSource
from ingest.loops.receive import BatchOptions, Ingester
from ingest.loops.store import StoreWriter, WriterOptions
from ingest.mqtt.address import BrokerAddress, parse_address
from ingest.mqtt.connection import ConnectionOptions
from ingest.mqtt.courier import Courier
from ingest.mqtt.learned_topics import LearnedTopics
from ingest.mqtt.session import subscriptions
from ingest.store.embedded import EmbeddedStore
from ingest.wire.dead_letter import RefusalReason
from ingest.wire.outgoing import CommandSource
from ingest.wire.topic import TopicScheme

if TYPE_CHECKING:
    from prometheus_client.core import Metric

    from api.service.decoders import Decoders
    from api.service.surroundings import Surroundings
    from api.settings.settings import Settings
    from ingest.store import TelemetryStore
    from ingest.wire.columns import BatchDecoder


@dataclass(frozen=True, slots=True)
class FromDesk:
    """What the desk has for appliances and for the journal."""

    commands: CommandSource
    lessons: LessonSource


@dataclass(frozen=True, slots=True)
class IngestRoom:
    """The way of a message from the broker to the telemetry store, and of ours back."""

    journal: Journal
    books: Books
    line: Line
    ingester: Ingester
    courier: Courier
    learned: LearnedTopics
    writer: StoreWriter
    lag: CursorLag

    @classmethod
    def open(
        cls,
        settings: Settings,
        around: Surroundings,
        decoders: Decoders,
        store: TelemetryStore,
        desk: FromDesk,
    ) -> IngestRoom:
        """Opens journal and books; connects to nothing yet."""
        address = broker_address(settings)
        address.ssl_context()  # a file that can't be used stops the start
        with ExitStack() as opened:
            books = Books.open(settings.data_dir / FILE_NAME)
            opened.callback(books.close)
            journal = _open_journal(settings, books, decoders)
            opened.callback(journal.close)
            room = _Making(settings, around, decoders, journal, books).room(address, store, desk)
            opened.pop_all()
            return room

    def is_connected(self) -> bool:
        """Whether the broker is heard now."""
        return self.ingester.session.stats.is_connected

    def close(self) -> None:
        """Release journal and books."""
        self.books.close()
        self.journal.close()

    async def speak_with_broker(self, stopping: asyncio.Event) -> None:
        """Messages in, commands and answers out, until asked to stop; raises what ended one of them."""
        ingesting = asyncio.create_task(self.ingester.run(), name="ingester")
        carrying = asyncio.create_task(self.courier.run(), name="courier")
        learning = asyncio.create_task(self.learned.run(), name="learned-topics")
        stop = asyncio.create_task(stopping.wait())
        try:
            await asyncio.wait({ingesting, carrying, learning, stop}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stop.cancel()
            carrying.cancel()
            learning.cancel()
            self.ingester.request_stop()
            ends = await asyncio.gather(ingesting, carrying, learning, return_exceptions=True)
        for end in ends:
            if isinstance(end, Exception):
                raise end

    def signs(self) -> Signs:
        """How the room is."""
        return Signs(self._figures, self._reasons)

    def _reasons(self) -> Iterator[str]:
        session, admitter = self.ingester.session.stats, self.line.admitter.stats
        if not session.is_connected:
            yield f"broker: {session.sentence}"
        journal = self.ingester.commit_stats.sentence or admitter.journal_sentence or self.line.feed.trouble
        if journal or (journal := self.journal.trouble()):
            yield f"journal: {journal}"
        if admitter.sentence:
            yield f"books: {admitter.sentence}"
        if self.writer.stats.trouble:
            yield f"telemetry store: {self.writer.stats.trouble}"

    def _figures(self) -> Iterator[Metric]:
        yield from self._of_broker()
        yield from self._of_journal()
        yield from self._of_admission()
        yield from self._of_store()

    def _of_broker(self) -> Iterator[Metric]:
        stats, session, courier = self.ingester.stats, self.ingester.session.stats, self.courier.stats
        yield counter("fettle_messages_received", "messages received from the broker", stats.messages_received)
        yield counter("fettle_bytes_received", "bytes received from the broker", stats.bytes_received)
        acknowledged = stats.messages_acknowledged
        yield counter("fettle_messages_acknowledged", "messages acknowledged after the journal", acknowledged)
        yield gauge("fettle_messages_unacknowledged", "messages not yet acknowledged", stats.unacknowledged)
        yield gauge("fettle_undurable_bytes", "bytes received that wait for the journal", stats.undurable_bytes)
        yield counter("fettle_receive_pauses", "times the socket was not read as the journal was behind", stats.held)
        last_s = (stats.last_received_ms or 0) / 1000
        yield gauge("fettle_last_received_timestamp_seconds", "when a message came last, 0 before the first", last_s)
        yield gauge("fettle_broker_connected", "1 while connected", int(session.is_connected))
        yield counter("fettle_broker_connects", "connections made to the broker", session.connects)
        lost = session.sessions_lost
        yield counter("fettle_broker_sessions_lost", "sessions that the broker had forgotten", lost)
        yield counter("fettle_commands_sent", "commands that the broker has taken", courier.commands_sent)
        yield counter("fettle_commands_failed", "attempts to send a command that failed", courier.commands_failed)
        yield counter("fettle_answers_sent", "acks and nacks sent to appliances", courier.answers_sent)
        yield counter("fettle_answers_dropped", "acks and nacks that could not be sent", courier.answers_dropped)

    def _of_journal(self) -> Iterator[Metric]:
        stats = self.ingester.commit_stats
        yield counter("fettle_journal_commits", "batches made durable", stats.commits)
        yield counter("fettle_journal_messages", "messages made durable", stats.messages)
        yield counter("fettle_journal_written_bytes", "bytes made durable", stats.bytes)
        yield counter("fettle_journal_errors", "failed attempts to write the journal", stats.errors)
        quarantined = self.journal.quarantined_batches
        yield counter("fettle_journal_quarantined_batches", "batches set aside as damaged", quarantined)

    def _of_admission(self) -> Iterator[Metric]:
        stats = self.line.admitter.stats
        yield counter("fettle_batches_admitted", "journal batches judged", stats.batches)
        yield counter(
            "fettle_batches_read_back", "of those, read from the journal and not from memory", stats.read_back
        )
        yield counter("fettle_messages_judged", "messages judged", stats.messages)
        refused = {reason.value: float(stats.refused.get(reason, 0)) for reason in RefusalReason}
        yield counters("fettle_messages_refused", "messages refused since the start, by reason", "reason", refused)
        yield counter("fettle_duplicates", "messages that had come before", stats.duplicates)
        beyond = stats.readings_refused
        yield counter("fettle_readings_refused", "readings under names too many for their appliance", beyond)
        yield counter("fettle_unknown_keys", "keys in messages that this version does not know", stats.unknown_keys)

    def _of_store(self) -> Iterator[Metric]:
        stats = self.writer.stats
        yield counter("fettle_store_writes", "writes to the telemetry store", stats.writes)
        yield counter("fettle_samples_stored", "samples in the store", stats.samples_stored)
        yield counter("fettle_readings_stored", "readings in the store", stats.readings_stored)
        yield counter("fettle_samples_rejected", "samples that the store can never take", stats.samples_rejected)
        errors = {"down": 0, **stats.errors}
        yield counters("fettle_store_errors", "failed attempts to write", "kind", errors)


@dataclass(frozen=True, slots=True)
class _Making:
    """What the room is made of."""

    settings: Settings
    around: Surroundings
    decoders: Decoders
    journal: Journal
    books: Books

    def room(self, address: BrokerAddress, store: TelemetryStore, desk: FromDesk) -> IngestRoom:
        """The parts, put together: what is received goes on to admission, and what admission answers to the courier."""
        judging, lag = self.decoders.learning(), CursorLag(self.journal.count_messages)

        def appended(before: int, batch: JournalBatch) -> None:
            lag.note(batch.position, batch.count)
            line.admitter.offer(before, batch)

        options = self.around.connection or ConnectionOptions(self.settings.mqtt_client_id)
        heard = judging.sources.subscriptions()
        filters = subscriptions(self.settings.topic_root, heard, hears_itself=options.hears_itself)
        ingester = Ingester(
            address=address,
            options=options,
            filters=filters,
            journal=self.journal,
            clock=self.around.clock,
            chance=self.around.chance,
            on_appended=appended,
            batching=BatchOptions(window=self.around.window),
        )
        courier = Courier(ingester.session, self.around.clock, desk.commands)
        line = self._line(judging, courier, ingester, desk.lessons)
        covered, want = [one.pattern for one in filters], ingester.session.want
        known = self.decoders
        learned = LearnedTopics(
            known.discovery,
            want,
            covered_by=covered,
            traces=known.traces,
            keep_traces=known.keep_traces,
        )
        writer = self._writer(line, store)
        return IngestRoom(self.journal, self.books, line, ingester, courier, learned, writer, lag)

    def _line(self, judging: BatchDecoder, courier: Courier, ingester: Ingester, lessons: LessonSource) -> Line:
        """Admission as the settings say, and what it lets through."""
        past_ms, future_ms = round(self.settings.accept_past_days * DAY_MS), round(self.settings.accept_future_s * 1000)
        return Line.of(
            self.journal,
            self.books,
            judging=judging,
            reading=self.decoders.reading,
            clock=self.around.clock,
            people_clock=self.around.people_clock,
            chance=self.around.chance,
            scheme=TopicScheme(self.settings.topic_root),
            settings=AdmissionSettings(
                AcceptanceWindow(past_ms, future_ms), self.settings.auto_register, self.around.ack_every_ms
            ),
            answer=courier.answer,
            replay=ingester.replay,
            lessons=lessons,
        )

    def _writer(self, line: Line, store: TelemetryStore) -> StoreWriter:
        """What can never be stored becomes a dead letter."""
        root, days = self.settings.topic_root, self.settings.retention_days
        return line.writer(
            store,
            refuse=lambda samples: keep_unstorable(self.books, samples, topic_root=root),
            options=WriterOptions(retention_days=days, reads_ahead=not isinstance(store, EmbeddedStore)),
        )


def broker_address(settings: Settings) -> BrokerAddress:
    """Where the broker is."""
    return parse_address(
        settings.mqtt_url,
        ca_file=settings.mqtt_ca_file,
        cert_file=settings.mqtt_cert_file,
        key_file=settings.mqtt_key_file,
    )


def _open_journal(settings: Settings, books: Books, decoders: Decoders) -> Journal:
    """The journal of the settings, to write and to read."""
    sources = decoders.reading().sources

    def appliance_of(topic: str) -> str:
        sources.refresh()
        return sources.of(topic).appliance_id

    return open_journal_writer(
        settings.resolved_journal_url,
        appliance_of=appliance_of,
        floor=books.cursor("admit"),
        partitions=settings.journal_partitions,
        retention_days=settings.journal_retention_days,
    )
