"""The service: all rooms in one process, one thread per loop, put together here.

Threads: the broker's event loop, HTTP's event loop, the journal's commits, one per cursor (admit, store, detect, desk),
and the outbox. Everything behind the journal may be away; the broker too: the service waits and says so on /readyz.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

import structlog

from alerts.appliances.listening import Listener
from api.http.listening import bind, url_of
from api.service import loops
from api.service.housekeeping import Housekeeping
from api.service.rooms import Pipes, Rooms, Surroundings, open_rooms
from api.service.threads import Runs, ServiceError, Threaded
from api.service.vital_signs import VitalSigns

if TYPE_CHECKING:
    import socket
    from types import FrameType

    from api.settings.settings import Settings

log = structlog.get_logger()

ROLES = ("ingest", "detect", "desk", "api")

__all__ = ["Service", "ServiceError", "run_service", "run_until_signal"]


class Service(Threaded):
    """Everything in one process.

    ``url`` is where the console is; :attr:`rooms` gives the demo and the tests the desk, the store and the books.
    """

    def __init__(self, settings: Settings, around: Surroundings | None = None) -> None:
        super().__init__(settings, ROLES)
        self._around = around or Surroundings()
        self._rooms: Rooms | None = None
        self.url = ""

    @property
    def rooms(self) -> Rooms:
        """What is open between start and stop."""
        if self._rooms is None:
            raise ServiceError("The service is not started.")
        return self._rooms

    def _open(self, opened: ExitStack) -> Runs:
        """Everything; one loop per cursor, one for the broker, one for HTTP."""
        listening = bind(*self.settings.http_address)
        opened.callback(listening.close)
        self.url = url_of(listening)
        rooms = self._rooms = open_rooms(self.settings, self._around)
        opened.callback(rooms.close)
        self.at_stop(rooms.pipes.admitter.stop)
        log.info("service_opened", url=self.url)
        return {
            "broker": self.in_loop(lambda stopping: speak_with_broker(rooms.pipes, stopping)),
            "http": self.in_loop(lambda stopping: self._serve_http(rooms, listening, stopping)),
            "admit": lambda _stop: rooms.pipes.admitter.run(),
            "store": rooms.writer.run,
            "detect": loops.detect(rooms.runner, rooms.pipes.feed, loops.Trouble()),
            "desk": loops.desk(rooms.inbox, rooms.timers, rooms.desk.clock, loops.Trouble()),
            "outbox": loops.deliver(rooms.outbox, loops.Trouble()),
            "listening": loops.listen(
                Listener(rooms.desk),
                rooms.pipes.is_connected,
                lambda: rooms.pipes.signs(rooms.writer),
                loops.Trouble(),
            ),
            "housekeeping": Housekeeping(
                rooms.journal, rooms.books, rooms.desk, round(self.settings.journal_keep_mib * 2**20)
            ).loop(),
        }

    async def _serve_http(self, rooms: Rooms, listening: socket.socket, stopping: asyncio.Event) -> None:
        """The API and the console; their code is loaded here, when the broker is already spoken with."""
        from api.http.context import Context  # noqa: PLC0415
        from api.http.server import serve_until  # noqa: PLC0415

        signs = VitalSigns(rooms)
        context = Context(
            settings=self.settings,
            clock=rooms.desk.clock,
            desk=rooms.desk,
            accounts=rooms.accounts,
            store=rooms.store,
            profiles=rooms.profiles,
            books=lambda: rooms.books,
            live=rooms.pipes.live,
            not_ready=signs.not_ready,
            metrics=signs.exposition,
        )
        await serve_until(context, listening, stopping)


async def speak_with_broker(pipes: Pipes, stopping: asyncio.Event) -> None:
    """Messages in, commands and answers out, until asked to stop; raises what ended one of them."""
    ingesting = asyncio.create_task(pipes.ingester.run(), name="ingester")
    carrying = asyncio.create_task(pipes.courier.run(), name="courier")
    learning = asyncio.create_task(pipes.learned.run(), name="learned-topics")
    stop = asyncio.create_task(stopping.wait())
    try:
        await asyncio.wait({ingesting, carrying, learning, stop}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stop.cancel()
        carrying.cancel()
        learning.cancel()
        pipes.ingester.request_stop()
        ends = await asyncio.gather(ingesting, carrying, learning, return_exceptions=True)
    for end in ends:
        if isinstance(end, Exception):
            raise end


def run_service(settings: Settings) -> None:
    """``fettle serve``: run until SIGTERM or SIGINT."""
    run_until_signal(Service(settings))


def run_until_signal(service: Threaded) -> None:
    """Run until SIGTERM or SIGINT, then stop in order; a second signal ends the process at once."""
    signals: list[int] = []

    def on_signal(number: int, _frame: FrameType | None) -> None:
        if signals:
            os._exit(128 + number)
        signals.append(number)
        service.end()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, on_signal)
    service.start()
    service.wait()
    service.stop()
    if service.failure is not None:
        raise service.failure
    if service.is_hanging:
        sys.stderr.flush()
        os._exit(0)  # the interpreter's own end takes seconds on a busy machine, and would give nothing back
