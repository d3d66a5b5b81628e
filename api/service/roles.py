"""One role alone: ``fettle ingest``, ``detect``, ``desk``, ``api`` on one data folder, each in a process of its own.

Only ``ingest`` writes journal, books and store; the others read them, and meet in the desk's database. A role that finds
nothing to read yet waits for it.
"""

from __future__ import annotations

import threading
from contextlib import ExitStack
from enum import StrEnum
from typing import TYPE_CHECKING

import structlog

from alerts.accounts.accounts import Accounts
from alerts.appliances.listening import Listener
from alerts.inbox import Inbox
from alerts.outbox import Outbox
from alerts.timers import Timers
from api.http.listening import bind, url_of
from api.http.live_samples import LiveSamples
from api.service import loops
from api.service.decoders import Decoders
from api.service.desk_database import open_desk_database
from api.service.housekeeping import Housekeeping
from api.service.patient_commands import PatientCommands
from api.service.rooms import (
    Parts,
    Pipes,
    Surroundings,
    broker_address,
    configured_journal,
    configured_store,
    make_desk,
    make_runner,
    notice_targets,
)
from api.service.serve import speak_with_broker
from api.service.threads import Runs, Threaded
from api.service.vital_signs import ReaderSigns, desk_trouble
from ingest.books.books import FILE_NAME, Books, BooksError
from ingest.feed.feed import AdmittedFeed
from ingest.journal import JournalError
from ingest.journal.opening import open_journal_reader
from ingest.profiles import load_profiles
from ingest.store import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from alerts.desk import Desk
    from api.settings.settings import Settings
    from ingest.journal import Journal
    from ingest.profiles.definition import Profile
    from ingest.store import TelemetryStore

log = structlog.get_logger()

LOOK_FOR_BOOKS_S = 1.0


class Role(StrEnum):
    """What a process may do alone."""

    INGEST = "ingest"
    DETECT = "detect"
    DESK = "desk"
    API = "api"


class RoleService(Threaded):
    """One role of one installation; started and stopped like the whole service."""

    def __init__(self, settings: Settings, role: Role, around: Surroundings | None = None) -> None:
        super().__init__(settings, (role.value,))
        self._role = role
        self._around = around or Surroundings()
        self.url = ""
        """Where the API is, in the role ``api``."""
        self.pipes: Pipes | None = None
        """From the broker to the feed, in the role ``ingest``."""

    def _open(self, opened: ExitStack) -> Runs:
        """Open what the role needs; its loops by name."""
        settings, around = self.settings, self._around
        profiles = load_profiles() if around.profiles is None else around.profiles
        engine = open_desk_database(settings)
        opened.callback(engine.dispose)
        desk = make_desk(settings, around, engine, profiles)
        opening = {
            Role.INGEST: self._open_ingest,
            Role.DETECT: self._open_detect,
            Role.DESK: self._open_desk,
            Role.API: self._open_api,
        }
        return opening[self._role](opened, desk, profiles)

    def _open_ingest(self, opened: ExitStack, desk: Desk, profiles: Mapping[str, Profile]) -> Runs:
        """Broker → journal → admission → store, and commands to appliances."""
        address = broker_address(self.settings)
        decoders = Decoders.of(self.settings, profiles)
        books = Books.open(self.settings.data_dir / FILE_NAME)
        opened.callback(books.close)
        journal = configured_journal(self.settings, books, decoders)
        opened.callback(journal.close)
        store = configured_store(self.settings)
        opened.callback(store.close)
        parts = Parts(self.settings, self._around, journal, books, decoders)
        pipes = self.pipes = parts.pipes(address, PatientCommands(desk))

        writer = parts.writer(pipes.feed, store)
        self.at_stop(pipes.admitter.stop)
        return {
            "broker": self.in_loop(lambda stopping: speak_with_broker(pipes, stopping)),
            "admit": lambda _stop: pipes.admitter.run(),
            "store": writer.run,
            "listening": loops.listen(Listener(desk), pipes.is_connected, lambda: pipes.signs(writer), loops.Trouble()),
            "housekeeping": Housekeeping(journal, books, desk, round(self.settings.journal_keep_mib * 2**20)).loop(),
        }

    def _open_detect(self, opened: ExitStack, desk: Desk, profiles: Mapping[str, Profile]) -> Runs:
        """What was admitted → findings."""

        def run(stop: threading.Event) -> None:
            feed = self._feed(stop, profiles)
            if feed is not None:
                runner = make_runner(self.settings, feed, desk, profiles)
                self.at_close(runner.close)
                loops.detect(runner, feed, loops.Trouble())(stop)

        del opened
        return {"detect": run}

    def _open_desk(self, opened: ExitStack, desk: Desk, profiles: Mapping[str, Profile]) -> Runs:
        """The directory, timers, and notices."""
        around = self._around
        targets = notice_targets(self.settings, around.people_clock)

        def run(stop: threading.Event) -> None:
            feed = self._feed(stop, profiles)
            if feed is not None:
                loops.desk(Inbox(desk, feed), Timers(desk), around.clock, loops.Trouble())(stop)

        del opened
        outbox = Outbox(desk.engine, around.people_clock, around.chance, targets)
        return {"desk": run, "outbox": loops.deliver(outbox, loops.Trouble())}

    def _open_api(self, opened: ExitStack, desk: Desk, profiles: Mapping[str, Profile]) -> Runs:
        """HTTP and console."""
        from api.http.context import Context  # noqa: PLC0415  (the other roles need nothing of HTTP)
        from api.http.server import serve_until  # noqa: PLC0415

        listening = bind(*self.settings.http_address)
        opened.callback(listening.close)
        store = configured_store(self.settings)
        opened.callback(store.close)
        live = LiveSamples()
        books = self._books_when_there()
        signs = ReaderSigns(desk, books, self._journal_when_there(books))
        context = Context(
            settings=self.settings,
            clock=self._around.clock,
            desk=desk,
            accounts=Accounts(desk.engine, self._around.people_clock, self._around.chance),
            store=store,
            profiles=profiles,
            books=books,
            live=live,
            not_ready=lambda: _not_ready(desk, store),
            metrics=signs.exposition,
        )
        self.url = url_of(listening)

        def show(stop: threading.Event) -> None:
            feed = self._feed(stop, profiles)
            tip = books()
            position = 0 if tip is None else tip.cursor("admit")
            while feed is not None and not stop.is_set():
                batch = feed.next(position)
                if batch is None:
                    feed.wait(loops.IDLE_S)
                    continue
                live.show(batch)
                position = batch.position

        return {"http": self.in_loop(lambda stopping: serve_until(context, listening, stopping)), "live": show}

    def _books_when_there(self) -> Callable[[], Books | None]:
        """The books to read, opened at first need; None while there are none."""
        found: list[Books] = []

        def books() -> Books | None:
            if not found:
                try:
                    found.append(Books.open(self.settings.data_dir / FILE_NAME, read_only=True))
                except BooksError:
                    return None
                self.at_close(found[0].close)
            return found[0]

        return books

    def _journal_when_there(self, books: Callable[[], Books | None]) -> Callable[[], Journal | None]:
        """The journal to read, opened once there are books; None before."""
        found: list[Journal] = []

        def journal() -> Journal | None:
            if not found and books() is not None:
                try:
                    found.append(open_journal_reader(self.settings.resolved_journal_url))
                except JournalError:
                    return None
                self.at_close(found[0].close)
            return found[0] if found else None

        return journal

    def _feed(self, stop: threading.Event, profiles: Mapping[str, Profile]) -> AdmittedFeed | None:
        """What admission has let through, once there is anything; None where the stop came first."""
        path = self.settings.data_dir / FILE_NAME
        is_told = False
        while True:
            try:
                books = Books.open(path, read_only=True)
                break
            except BooksError as error:
                if not is_told:
                    log.info("waits_for_ingest", role=self._role.value, sentence=str(error))
                is_told = True
                if stop.wait(LOOK_FOR_BOOKS_S):
                    return None
        self.at_close(books.close)
        journal = open_journal_reader(self.settings.resolved_journal_url)
        self.at_close(journal.close)
        return AdmittedFeed(journal, books, Decoders.of(self.settings, profiles).learning)


def _not_ready(desk: Desk, store: TelemetryStore) -> Sequence[str]:
    """What keeps the API from its work, in sentences."""
    try:
        store.check()
    except StoreUnavailable as error:
        return [*desk_trouble(desk), f"telemetry store: {error}"]
    return desk_trouble(desk)
