"""All parts of one installation, opened as the settings say and put together in one place.

Opening makes folders, files and tables, and connects to nothing that may be away, but for the desk's database.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from alerts.accounts.accounts import Accounts
from alerts.delivery.log import LogTarget
from alerts.delivery.webhook import WebhookTarget
from alerts.desk import Desk
from alerts.inbox import Inbox
from alerts.outbox import Outbox, Target
from alerts.remote.policy import SessionLimits
from alerts.timers import Timers
from api.http.live_samples import LiveSamples
from api.service.cursor_lag import CursorLag
from api.service.decoders import Decoders
from api.service.desk_database import open_desk_database
from api.service.housekeeping import durable_cursors
from api.service.patient_commands import PatientCommands
from detectors.attempts import AttemptFile
from detectors.pipeline import Pipeline
from detectors.runner import Runner
from ingest.admission.admission import Admission, AdmissionSettings
from ingest.books.books import FILE_NAME, Books
from ingest.books.event_time import DAY_MS, AcceptanceWindow
from ingest.clock import Clock, SystemClock
from ingest.feed.feed import AdmittedFeed
from ingest.feed.poison import keep_poison
from ingest.feed.unstorable import keep_unstorable
from ingest.journal import Journal, JournalBatch
from ingest.journal.opening import open_journal_writer
from ingest.loops.admit import Admitter
from ingest.loops.receive import BatchOptions, Ingester
from ingest.loops.store import StoreWriter, WriterOptions
from ingest.mqtt.address import BrokerAddress, parse_address
from ingest.mqtt.connection import ConnectionOptions
from ingest.mqtt.courier import Courier
from ingest.mqtt.learned_topics import LearnedTopics
from ingest.mqtt.session import subscriptions
from ingest.profiles import load_profiles
from ingest.sample import AdmittedBatch
from ingest.store.embedded import EmbeddedStore
from ingest.store.opening import open_store
from ingest.wire.outgoing import CommandSource
from ingest.wire.topic import TopicScheme

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from api.settings.settings import Settings
    from ingest.profiles.definition import Profile
    from ingest.store import TelemetryStore


class RoomsError(Exception):
    """A part can't be opened; the text says which and what to do."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a service lives in, beside its settings; the demo and the tests give their own."""

    clock: Clock = field(default_factory=SystemClock)
    """The time of appliances, journal, detectors and desk."""
    people_clock: Clock = field(default_factory=SystemClock)
    """The time of logins, signatures, deliveries and acknowledgements, whatever time the desk lives in."""
    chance: random.Random = field(default_factory=random.SystemRandom)
    profiles: Mapping[str, Profile] | None = None
    connection: ConnectionOptions | None = None
    """How to speak to the broker; None: as brokers are in general."""
    window: int | None = None
    """How many unacknowledged messages the broker sends at most, where that is known."""
    limits: SessionLimits = field(default_factory=SessionLimits)


@dataclass(frozen=True, slots=True)
class Pipes:
    """The way of a message from the broker to the feed, and of ours back."""

    ingester: Ingester
    courier: Courier
    admitter: Admitter
    feed: AdmittedFeed
    live: LiveSamples
    lag: CursorLag
    learned: LearnedTopics

    def is_connected(self) -> bool:
        """Whether the broker is heard now."""
        return self.ingester.session.stats.is_connected

    def signs(self, writer: StoreWriter) -> dict[str, object]:
        """What other processes may know of this one."""
        received, errors = self.ingester.stats.messages_received, {"down": 0, **writer.stats.errors}
        return {"messages_received": received, "store_errors": errors}


@dataclass(frozen=True, slots=True)
class Rooms:
    """Everything that is open."""

    profiles: Mapping[str, Profile]
    desk: Desk
    accounts: Accounts
    journal: Journal
    books: Books
    store: TelemetryStore
    writer: StoreWriter
    runner: Runner
    inbox: Inbox
    timers: Timers
    outbox: Outbox
    pipes: Pipes

    def cursors(self) -> dict[str, int]:
        """How far each reader has read; those at the desk: for good."""
        return {
            **durable_cursors(self.books, self.desk),
            "admit": self.pipes.admitter.stats.position,
            "store": self.writer.stats.position,
            "detect": self.runner.position,
        }

    def close(self) -> None:
        """Release everything."""
        self.runner.close()
        self.store.close()
        self.books.close()
        self.journal.close()
        self.desk.engine.dispose()


def open_rooms(settings: Settings, around: Surroundings) -> Rooms:
    """Open everything; raises the named error of the room that can't be opened, and leaves nothing open."""
    address = broker_address(settings)
    address.ssl_context()  # a file that can't be used stops the start
    targets = notice_targets(settings, around.people_clock)
    profiles = load_profiles() if around.profiles is None else around.profiles
    decoders = Decoders.of(settings, profiles)
    with ExitStack() as opened:
        engine = open_desk_database(settings)
        opened.callback(engine.dispose)
        books = Books.open(settings.data_dir / FILE_NAME)
        opened.callback(books.close)
        journal = configured_journal(settings, books, decoders)
        opened.callback(journal.close)
        store = configured_store(settings)
        opened.callback(store.close)
        desk = make_desk(settings, around, engine, profiles)
        accounts = Accounts(engine, around.people_clock, around.chance)
        outbox = Outbox(engine, around.people_clock, around.chance, targets)
        parts = Parts(settings, around, journal, books, decoders)
        pipes = parts.pipes(address, PatientCommands(desk))
        rooms = Rooms(
            profiles=profiles,
            desk=desk,
            accounts=accounts,
            journal=journal,
            books=books,
            store=store,
            outbox=outbox,
            timers=Timers(desk),
            inbox=Inbox(desk, pipes.feed),
            runner=make_runner(settings, pipes.feed, desk, profiles),
            writer=parts.writer(pipes.feed, store),
            pipes=pipes,
        )
        opened.pop_all()
        return rooms


def broker_address(settings: Settings) -> BrokerAddress:
    """Where the broker is."""
    return parse_address(
        settings.mqtt_url,
        ca_file=settings.mqtt_ca_file,
        cert_file=settings.mqtt_cert_file,
        key_file=settings.mqtt_key_file,
    )


def configured_store(settings: Settings) -> TelemetryStore:
    """The telemetry store of the settings."""
    token = settings.store_token.get_secret_value() if settings.store_token else None
    return open_store(settings.store_url, token=token, data_dir=settings.data_dir)


def make_desk(settings: Settings, around: Surroundings, engine: Engine, profiles: Mapping[str, Profile]) -> Desk:
    """The service desk over a database."""
    return Desk(
        engine,
        profiles,
        around.clock,
        around.chance,
        limits=around.limits,
        stale_after_s=settings.stale_after_s,
        topics=TopicScheme(settings.topic_root),
    )


def configured_journal(settings: Settings, books: Books, decoders: Decoders) -> Journal:
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


def make_runner(settings: Settings, feed: AdmittedFeed, desk: Desk, profiles: Mapping[str, Profile]) -> Runner:
    """The detectors over a feed; what kills them twice is left out and kept as poison."""
    return Runner(
        feed,
        desk,
        Pipeline(profiles, alarms_per_year=settings.alarms_per_year),
        attempts=AttemptFile(settings.data_dir / "detect.attempt"),
        leave_out=lambda part: keep_poison(settings.data_dir / FILE_NAME, part, topic_root=settings.topic_root),
    )


def notice_targets(settings: Settings, clock: Clock) -> list[Target]:
    """Where notices go."""
    targets: list[Target] = [LogTarget()]
    if settings.webhook_url is not None:
        if settings.webhook_secret is None:
            raise RoomsError("FETTLE_WEBHOOK_URL needs FETTLE_WEBHOOK_SECRET (whsec_ and base64) to sign with.")
        targets.append(WebhookTarget(settings.webhook_url, settings.webhook_secret.get_secret_value(), clock=clock))
    return targets


@dataclass(frozen=True, slots=True)
class Parts:
    """What the pipes are made of."""

    settings: Settings
    around: Surroundings
    journal: Journal
    books: Books
    decoders: Decoders

    def pipes(self, address: BrokerAddress, commands: CommandSource) -> Pipes:
        """From the broker to the feed, and back to the appliances."""
        settings, around = self.settings, self.around
        window = AcceptanceWindow(round(settings.accept_past_days * DAY_MS), round(settings.accept_future_s * 1000))
        judging = AdmissionSettings(window, settings.auto_register)
        decoder = self.decoders.learning()
        judge = Admission(self.books, decoder, scheme=TopicScheme(settings.topic_root), settings=judging)
        feed = AdmittedFeed(self.journal, self.books, self.decoders.reading)
        live, lag = LiveSamples(), CursorLag(self.journal.count_messages)

        def admitted(before: int, batch: AdmittedBatch) -> None:
            feed.offer(before, batch)
            live.show(batch)

        def appended(before: int, batch: JournalBatch) -> None:
            lag.note(batch.position, batch.count)
            admitter.offer(before, batch)

        options = around.connection or ConnectionOptions(settings.mqtt_client_id)
        heard = decoder.sources.subscriptions()
        filters = subscriptions(settings.topic_root, heard, hears_itself=options.hears_itself)
        ingester = Ingester(
            address=address,
            options=options,
            filters=filters,
            journal=self.journal,
            clock=around.clock,
            chance=around.chance,
            on_appended=appended,
            batching=BatchOptions(window=around.window),
        )
        courier = Courier(ingester.session, around.clock, commands)
        admitter = Admitter(
            self.journal,
            judge,
            after=self.books.cursor("admit"),
            clock=around.people_clock,
            on_admitted=admitted,
            answer=courier.answer,
        )
        learned = LearnedTopics(
            self.decoders.discovery,
            ingester.session.want,
            covered_by=[one.pattern for one in filters],
            keep=self.decoders.keep,
        )
        return Pipes(ingester, courier, admitter, feed, live, lag, learned)

    def writer(self, feed: AdmittedFeed, store: TelemetryStore) -> StoreWriter:
        """From the feed to the store."""
        root = self.settings.topic_root
        return StoreWriter(
            feed,
            store,
            self.books,
            refuse=lambda samples: keep_unstorable(self.books, samples, topic_root=root),
            clock=self.around.clock,
            chance=self.around.chance,
            options=WriterOptions(
                retention_days=round(self.settings.retention_days), reads_ahead=not isinstance(store, EmbeddedStore)
            ),
        )
