"""The table of the service: every loop, the role that runs it, and how it is made. A new loop is one line here.

A process runs the loops of its roles, a thread each; ``fettle serve`` runs all. A loop's factory opens what the loop needs
of the :class:`~api.service.rooms.Rooms`; what can't be opened stops the start.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from alerts.appliances.listener import Listener
from alerts.inbox import Inbox
from alerts.letters.imap_folder import Mailbox
from alerts.letters.parsing import parse
from alerts.timers import Timers
from api.http.listening import bind, url_of
from api.service import loops, told
from api.service.house_signs import HouseSigns
from api.service.housekeeping import Housekeeping
from api.service.role import ServiceRole
from api.service.rooms import Rooms
from api.service.service_thread import Run
from api.service.signs import Signs, VitalSigns, gauge
from api.service.use_counter import UseCounter
from ingest.books.event_time import DAY_MS
from ingest.feed.feed import AdmittedFeed

log = structlog.get_logger()

LOOK_FOR_BOOKS_S = 1.0
MAILBOX, MAILBOX_DOC = "fettle_mailbox_misses", "rounds in a row in which the mailbox could not be read"


@dataclass(frozen=True, slots=True)
class Loop:
    """One loop: its thread's name, whose it is (None: it runs in every process), and how it is made."""

    name: str
    role: ServiceRole | None
    make: Callable[[Rooms], Run]


def http(rooms: Rooms) -> Run:
    """The API and the console; the port is taken at once, the code is loaded when everything else runs."""
    listening = bind(*rooms.settings.http_address)
    rooms.keep(listening.close)
    rooms.url = url_of(listening)
    desk, accounts, store = rooms.desk, rooms.accounts, rooms.store
    rooms.signs.add(HouseSigns(rooms).signs())
    elsewhere = [role for role in ServiceRole if role not in rooms.roles]
    whole = VitalSigns()
    whole.add(Signs(rooms.signs.collect, rooms.signs.not_ready))
    whole.add(told.of_others(rooms.settings.data_dir, elsewhere, rooms.around.people_clock))

    async def serve(stopping: asyncio.Event) -> None:
        from api.http.context import Context  # noqa: PLC0415  (large, and nothing else needs it)
        from api.http.server import serve_until  # noqa: PLC0415

        context = Context(
            settings=rooms.settings,
            clock=desk.unit.clock,
            desk=desk,
            accounts=accounts,
            store=store,
            profiles=rooms.profiles,
            books=rooms.books,
            live=rooms.live,
            not_ready=whole.not_ready,
            metrics=whole.exposition,
            kitchens=rooms.around.kitchens,
        )
        await serve_until(context, listening, stopping)

    return in_loop(rooms, serve)


def broker(rooms: Rooms) -> Run:
    """Messages in, commands and answers out."""
    return in_loop(rooms, rooms.ingest.speak_with_broker)


def admit(rooms: Rooms) -> Run:
    """Cursor ``admit``."""
    admitter = rooms.ingest.line.admitter
    rooms.at_stop(admitter.stop)
    return lambda _stop: admitter.run()


def store(rooms: Rooms) -> Run:
    """Cursor ``store``."""
    return rooms.ingest.writer.run


def listening(rooms: Rooms) -> Run:
    """Writes down when we hear the broker."""
    return loops.listen(Listener(rooms.desk.appliances), rooms.ingest.is_connected, rooms.trouble("listening"))


def housekeeping(rooms: Rooms) -> Run:
    """Drops what is old or too much."""
    room, settings = rooms.ingest, rooms.settings
    keep_bytes, keep_ms = round(settings.journal_keep_mib * 2**20), round(settings.retention_days * DAY_MS)
    return Housekeeping(room.journal, room.books, rooms.desk, keep_bytes, keep_ms).loop()


def detect(rooms: Rooms) -> Run:
    """Cursor ``detect``."""
    return fed(rooms, lambda feed: loops.detect(rooms.runner(feed), feed, rooms.trouble("detect")))


def desk(rooms: Rooms) -> Run:
    """Cursor ``desk``, and the desk's own time."""
    one = rooms.desk
    return fed(
        rooms,
        lambda feed: loops.desk(
            Inbox(one.unit, feed, limits=one.limits, profiles=one.profiles),
            feed,
            Timers(one),
            one.unit.clock,
            rooms.trouble("desk"),
        ),
    )


def use(rooms: Rooms) -> Run:
    """Counts how appliances are used, and advises by it."""
    return UseCounter(rooms.desk.care, rooms.store, rooms.profiles, rooms.desk.unit.clock).loop()


def outbox(rooms: Rooms) -> Run:
    """Notices to their receivers; a new one is told everything from here on."""
    rooms.outbox.begin()
    return loops.deliver(rooms.outbox, rooms.trouble, rooms.renewed_outbox)


def mailbox(rooms: Rooms) -> Run:
    """New mail, where a mailbox is named."""
    url = rooms.settings.mailbox_url
    if url is None:
        return idle
    letters = rooms.desk.letters
    own = rooms.settings.mail_reply_to
    missing = loops.Missing()
    rooms.signs.add(Signs(lambda: (gauge(MAILBOX, MAILBOX_DOC, missing.rounds),)))
    trouble = rooms.trouble("mailbox")
    return loops.collect(Mailbox.at(url), lambda raw: letters.take(parse(raw, own=own)), trouble, missing)


def rules(rooms: Rooms) -> Run:
    """Reads the file of the rules again when it has changed."""
    return loops.follow(rooms.rules)


def claim(rooms: Rooms) -> Run:
    """Says that the installation lives on its database."""
    return rooms.claim.loop()


def live(rooms: Rooms) -> Run:
    """Samples to the pages that watch them."""
    return fed(rooms, lambda feed: loops.show(rooms.live, feed, rooms.admitted))


def signs(rooms: Rooms) -> Run:
    """Tells the other processes how this one is."""
    around = rooms.around
    folder = rooms.settings.data_dir
    return told.telling(folder, rooms.roles, rooms.signs, around.people_clock, every_s=around.tells_every_s)


LOOPS = (
    Loop("http", ServiceRole.API, http),
    Loop("broker", ServiceRole.INGEST, broker),
    Loop("admit", ServiceRole.INGEST, admit),
    Loop("store", ServiceRole.INGEST, store),
    Loop("listening", ServiceRole.INGEST, listening),
    Loop("housekeeping", ServiceRole.INGEST, housekeeping),
    Loop("detect", ServiceRole.DETECT, detect),
    Loop("desk", ServiceRole.DESK, desk),
    Loop("use", ServiceRole.DESK, use),
    Loop("outbox", ServiceRole.DESK, outbox),
    Loop("mailbox", ServiceRole.DESK, mailbox),
    Loop("claim", None, claim),
    Loop("rules", None, rules),
    Loop("live", ServiceRole.API, live),
    Loop("signs", None, signs),
)
"""In the order in which they are opened: the port first, so that a taken one is told before anything is made."""


def idle(stop: threading.Event) -> None:
    """Nothing to do until the end."""
    stop.wait()


def fed(rooms: Rooms, begin: Callable[[AdmittedFeed], Run]) -> Run:
    """A loop over what is admitted. In a process that does not admit it waits until there is something to read."""
    feed = rooms.feed()
    if feed is not None:
        return begin(feed)

    def run(stop: threading.Event) -> None:
        log.info("waits_for_ingest", folder=str(rooms.settings.data_dir))
        while (found := rooms.feed()) is None:
            if stop.wait(LOOK_FOR_BOOKS_S):
                return
        begin(found)(stop)

    return run


def in_loop(rooms: Rooms, work: Callable[[asyncio.Event], Awaitable[None]]) -> Run:
    """A thread's run that drives an asyncio loop; the work gets the event that asks it to end."""

    async def drive(stop: threading.Event) -> None:
        loop, stopping = asyncio.get_running_loop(), asyncio.Event()

        def ask() -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(stopping.set)

        rooms.at_stop(ask)
        if not stop.is_set():
            await work(stopping)

    return lambda stop: asyncio.run(drive(stop))
