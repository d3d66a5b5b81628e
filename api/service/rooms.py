"""What one process has open of an installation. Each part opens itself at first need, once, and closes with the rest.

Opening makes folders, files and tables, and connects to nothing that may be away, but for the desk's database. A process
without the role ``ingest`` reads what that role writes, as soon as there is anything.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from alerts.accounts.desk import Accounts
from alerts.customer_notices.mail import CustomerMails
from alerts.customer_notices.telling import DATA_FAULT
from alerts.customers.sealed_unit import SealedUnit
from alerts.database import UnitOfWork
from alerts.delivery.apprise_channel import opened
from alerts.delivery.kind import Receiver, Replies
from alerts.delivery.kinds import open_person, open_receivers
from alerts.desk import Desk
from alerts.errors import DeskError
from alerts.notices.lane import Lane
from alerts.notices.notice import DeliveryState, Target
from alerts.notices.outbox import Outbox
from alerts.rules.desk_rules import DeskRules
from alerts.rules.in_force import RulesInForce
from alerts.rules.telling import Person
from alerts.subscriptions.desk import lanes_of
from api.http.live_samples import LiveSamples
from api.service.claiming import Claim
from api.service.command_keys import command_keys
from api.service.contact_keys import contact_keys
from api.service.decoders import Decoders
from api.service.desk_database import open_desk_database
from api.service.housekeeping import durable_cursors
from api.service.ingest_room import FromDesk, IngestRoom
from api.service.line import detecting
from api.service.loops import Trouble
from api.service.patient_commands import PatientCommands
from api.service.patient_lessons import PatientLessons
from api.service.role import ServiceRole
from api.service.signs import Signs, VitalSigns, counter, gauge, gauges, gauges_of
from detectors.learning.fit_file import read_fits
from detectors.loop.attempts import AttemptFile
from ingest.books.books import FILE_NAME, Books, BooksError
from ingest.feed.feed import AdmittedFeed
from ingest.feed.poison import keep_poison
from ingest.journal import Journal, JournalError
from ingest.journal.opening import open_journal_reader
from ingest.profiles import load_profiles
from ingest.store.opening import open_store
from ingest.wire.signature import SigningKeys
from ingest.wire.topic import TopicScheme

if TYPE_CHECKING:
    from prometheus_client.core import Metric

    from api.service.surroundings import Surroundings
    from api.settings.settings import Settings
    from detectors.loop.runner import Runner
    from ingest.profiles.definition import Profile
    from ingest.store import TelemetryStore


class Rooms:
    """The parts, by name; any thread may ask for them."""

    def __init__(self, settings: Settings, around: Surroundings, roles: Sequence[ServiceRole]) -> None:
        self.settings = settings
        self.around = around
        self.roles = tuple(roles)
        self.signs = VitalSigns()
        self.positions: dict[str, Callable[[], int]] = {}
        """How far each reader of this process has read, by cursor."""
        self.url = ""
        """Where API and console are, in the role ``api``."""
        self.live = LiveSamples()
        self._opened = ExitStack()
        self._at_stop: list[Callable[[], None]] = []
        self._lock = threading.RLock()
        self._found_books: Books | None = None
        self._found_journal: Journal | None = None
        self._laned: DeskRules | None = None
        """The rules whose people the outbox has."""

    def keep(self, close: Callable[[], object]) -> None:
        """Have something closed with the rest, before what was opened earlier."""
        with self._lock:
            self._opened.callback(close)

    def at_stop(self, call: Callable[[], None]) -> None:
        """Have something called when the process is to stop, before its threads are waited for."""
        self._at_stop.append(call)

    def ask_to_stop(self) -> None:
        """Wake whoever would not notice by itself that the process is to stop."""
        for call in self._at_stop:
            call()

    def close(self) -> None:
        """Release everything."""
        self._opened.close()

    def trouble(self, name: str) -> Trouble:
        """Why a loop waits, if it does: a reason of ``/readyz`` as long as it stands."""
        made = Trouble()
        self.signs.add(Signs(reasons=lambda: () if made.sentence is None else (f"{name} waits: {made.sentence}",)))
        return made

    @cached_property
    def profiles(self) -> Mapping[str, Profile]:
        """All appliance kinds."""
        given = self.around.profiles
        return load_profiles(self.settings.profiles_dir) if given is None else given

    @cached_property
    def decoders(self) -> Decoders:
        """What makes decoders for this process's threads."""
        return Decoders.of(self.settings, self.profiles)

    @cached_property
    def rules(self) -> RulesInForce:
        """What the desk goes by; its file is looked at again and again."""
        rules = RulesInForce(self.settings.rules_file)
        self.signs.add(Signs(reasons=lambda: () if rules.trouble is None else (f"rules: {rules.trouble}",)))
        return rules

    @cached_property
    def desk(self) -> Desk:
        """The service desk over the database, which is brought up to this version."""
        engine = open_desk_database(self.settings)
        self.keep(engine.dispose)
        desk = Desk(
            UnitOfWork(engine, self.around.clock, self.around.chance, rules=self.rules),
            self.profiles,
            limits=self.around.limits,
            stale_after_s=self.settings.stale_after_s,
            closes_after_days=self.settings.close_repaired_days,
            topics=TopicScheme(self.settings.topic_root),
            seal=contact_keys(self.settings),
            signer=self.command_keys,
            writes_to_customers=self.settings.customer_mail is not None,
        )
        self.signs.add(Signs(lambda: _figures_of_notices(desk), lambda: desk_trouble(desk)))
        return desk

    @cached_property
    def command_keys(self) -> SigningKeys:
        """The keys that commands are signed with."""
        return command_keys(self.settings.data_dir)

    @cached_property
    def claim(self) -> Claim:
        """Our claim on the desk's database."""
        unit = UnitOfWork(self.desk.unit.engine, self.around.people_clock, self.around.chance)
        made = Claim(unit, self.settings.data_dir)
        self.keep(made.let_go)
        return made

    @cached_property
    def accounts(self) -> Accounts:
        """Who may log in."""
        return Accounts(UnitOfWork(self.desk.unit.engine, self.around.people_clock, self.around.chance))

    @cached_property
    def outbox(self) -> Outbox:
        """Notices on their way."""
        receivers = [self._receiver(address) for address in self.settings.notice_addresses]
        unit = UnitOfWork(self.desk.unit.engine, self.around.people_clock, self.around.chance)
        return Outbox(unit, open_receivers(receivers), self._lanes(unit))

    def _customers(self, unit: UnitOfWork) -> Sequence[Lane]:
        """The lane to customers, where there is a mail account for it."""
        account = self.settings.customer_mail
        if account is None:
            return ()
        opened(account.get_secret_value())
        sealed = SealedUnit(self.desk.unit, self.desk.seal)
        mails = CustomerMails(sealed, account.get_secret_value(), self.profiles, self.settings.mail_reply_to)
        return (Lane(unit, mails, (DATA_FAULT,)),)

    def renewed_outbox(self) -> Outbox | None:
        """The outbox to the people of the rules of now; None as long as these are the ones that it has."""
        if self._laned is self.rules.in_force:
            return None
        return replace(self.outbox, others=self._lanes(self.outbox.unit))

    def _lanes(self, unit: UnitOfWork) -> Sequence[Lane]:
        """The lanes to the people of the rules."""
        self._laned = self.rules.in_force
        return (*lanes_of(unit, self._laned, self._open_person), *self._customers(unit))

    def _open_person(self, name: str, person: Person) -> Target:
        """The way to somebody of the rules."""
        return open_person(name, self._receiver(person.address.get_secret_value()), person.language)

    def _receiver(self, address: str) -> Receiver:
        """Somebody at an address, told with the signature of the settings."""
        secret = None if self.settings.webhook_secret is None else self.settings.webhook_secret.get_secret_value()
        reply_to = self.settings.mail_reply_to
        replies = None if reply_to is None else Replies(reply_to, self.desk.letters.reference)
        return Receiver(address, secret, self.around.people_clock, replies)

    @cached_property
    def store(self) -> TelemetryStore:
        """The telemetry store of the settings."""
        token = self.settings.store_token.get_secret_value() if self.settings.store_token else None
        store = open_store(self.settings.store_url, token=token, data_dir=self.settings.data_dir)
        self.keep(store.close)
        return store

    @cached_property
    def ingest(self) -> IngestRoom:
        """The room at the broker; only in the role ``ingest``."""
        desk = self.desk
        said = FromDesk(PatientCommands(desk), PatientLessons(desk))
        room = IngestRoom.open(self.settings, self.around, self.decoders, self.store, said)
        self.keep(room.close)
        self.signs.add(room.signs())
        self.positions["admit"] = lambda: room.line.admitter.stats.position
        self.positions["store"] = lambda: room.writer.stats.position
        return room

    @property
    def is_at_broker(self) -> bool:
        """Whether this process has the role ``ingest``."""
        return ServiceRole.INGEST in self.roles

    def books(self) -> Books | None:
        """What admission has decided: our own books, or another process's to read; None while there are none."""
        if self.is_at_broker:
            return self.ingest.books
        with self._lock:
            if self._found_books is None:
                try:
                    self._found_books = Books.open(self.settings.data_dir / FILE_NAME, read_only=True)
                except BooksError:
                    return None
                self.keep(self._found_books.close)
            return self._found_books

    def journal(self) -> Journal | None:
        """The journal: our own, or another process's to read; None while there is none."""
        if self.is_at_broker:
            return self.ingest.journal
        with self._lock:
            if self._found_journal is None and self.books() is not None:
                try:
                    self._found_journal = open_journal_reader(self.settings.resolved_journal_url)
                except JournalError:
                    return None
                self.keep(self._found_journal.close)
            return self._found_journal

    def feed(self) -> AdmittedFeed | None:
        """What admission lets through; None while there is nothing to read from, or nobody knows whose cursors we have."""
        journal = self.journal()
        if journal is None or not self.claim.make(journal):
            return None
        if self.is_at_broker:
            return self.ingest.line.feed
        books = self.books()
        if books is None:
            return None
        journal = open_journal_reader(self.settings.resolved_journal_url)
        self.keep(journal.close)
        feed = AdmittedFeed(journal, books, self.decoders.learning)
        self.signs.add(Signs(reasons=lambda: () if feed.trouble is None else (f"journal: {feed.trouble}",)))
        return feed

    def admitted(self) -> int:
        """How far admission is."""
        if self.is_at_broker:
            return self.positions["admit"]()
        books = self.books()
        return 0 if books is None else books.cursor("admit")

    def cursors(self) -> dict[str, int]:
        """How far each reader has read: those of this process by now, the others for good; empty before there are books."""
        books = self.books()
        if books is None:
            return {}
        here = {name: position() for name, position in self.positions.items()}
        return {**durable_cursors(books, self.desk), **here}

    def runner(self, feed: AdmittedFeed) -> Runner:
        """The detectors over a feed; what kills them twice is left out and kept as poison."""
        folder, root = self.settings.data_dir, self.settings.topic_root
        runner = detecting(
            feed,
            self.desk.findings,
            self.profiles,
            alarms_per_year=self.settings.alarms_per_year,
            fits=read_fits(self.settings.fit_file, self.settings.candidate_fit_file),
            attempts=AttemptFile(folder / "detect.attempt"),
            leave_out=lambda part: keep_poison(folder / FILE_NAME, part, topic_root=root),
        )
        self.keep(runner.close)
        self.positions["detect"] = lambda: runner.position
        self.signs.add(Signs(figures=lambda: _figures_of(runner)))
        return runner


def _figures_of(runner: Runner) -> Sequence[Metric]:
    """What the detectors have done."""
    order = runner.order
    together = "appliances of one group that came over their thresholds at once: their alarms wait two days"
    moved = "population stability index of a fit's input: 0 as at its training, from .25 on another"
    errors = "mean squared error of what was said of findings at their raise, by the verdicts on them"
    judged = [((kind, who), one) for (kind, who), one in runner.judged().items()]
    stricter = "how many times as strongly as usual a fault mode must show, by what technicians found"
    return (
        gauges_of("fettle_fault_mode_strictness", stricter, ["kind", "fault_mode"], runner.strictness().items()),
        gauges_of(
            "fettle_alarms_wait", together, ["kind"], [((kind,), crossed) for kind, crossed in runner.waiting().items()]
        ),
        gauges_of("fettle_fit_drift", moved, ["kind", "input"], runner.drift().items()),
        gauges_of("fettle_fit_squared_error", errors, ["kind", "by"], [(of, error) for of, (_, error) in judged]),
        gauges_of(
            "fettle_fit_verdicts", "verdicts behind it", ["kind", "by"], [(of, count) for of, (count, _) in judged]
        ),
        counter("fettle_findings_raised", "findings of the detectors", runner.findings_raised),
        counter("fettle_late_samples", "samples behind the watermark: stored, not scored", order.late_samples),
        gauge("fettle_held_samples", "samples that wait for an earlier one", order.held_samples),
    )


def _figures_of_notices(desk: Desk) -> Sequence[Metric]:
    """What others were not told; left out while the database is away."""
    try:
        counts, receivers = desk.notices.counts(), desk.notices.receivers()
    except DeskError:
        return ()
    is_off = {one.name: float(one.off_since is not None) for one in receivers}
    return (
        gauge("fettle_notices_waiting", "deliveries of notices that wait", counts[DeliveryState.WAITING]),
        gauge("fettle_notices_parked", "deliveries of notices that were given up", counts[DeliveryState.PARKED]),
        gauges("fettle_receiver_off", "1 where a receiver was switched off because it is gone", "receiver", is_off),
    )


def desk_trouble(desk: Desk) -> Sequence[str]:
    """Why the desk's database can't be used now, if it can't."""
    try:
        desk.unit.check()
    except DeskError as error:
        return [f"desk database: {error}"]
    return []
