"""The service: all rooms in one process, one thread per loop, put together here.

Threads: the event loop (broker, HTTP, commands), the journal's commits, one per cursor (admit, store, detect, desk), and
the outbox. Everything behind the journal may be away; the broker too: the service waits and says so on /readyz.
"""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import ExitStack
from typing import TYPE_CHECKING

import structlog

from api import loops
from api.app import make_app
from api.context import Context
from api.http_server import HttpServer, bind
from api.rooms import Rooms, Surroundings, open_rooms
from api.threads import Runs, ServiceError, Threaded
from api.vital_signs import VitalSigns

if TYPE_CHECKING:
    from types import FrameType

    from api.settings import Settings

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
        """Everything; one loop per cursor, and the event loop."""
        listening = bind(*self.settings.http_address)
        opened.callback(listening.close)
        host, port = listening.getsockname()[:2]
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        rooms = self._rooms = open_rooms(self.settings, self._around)
        opened.callback(rooms.close)
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
        http = HttpServer(make_app(context), listening)
        self.at_stop(context.is_closing.set)
        self.at_stop(rooms.pipes.admitter.stop)
        log.info("service_opened", url=self.url)
        return {
            "loop": self.in_loop(lambda stopping: _run_loop(rooms, http, stopping)),
            "admit": lambda _stop: rooms.pipes.admitter.run(),
            "store": rooms.writer.run,
            "detect": loops.detect(rooms.runner, rooms.pipes.feed, loops.Trouble()),
            "desk": loops.desk(rooms.inbox, rooms.timers, rooms.desk.clock, loops.Trouble()),
            "outbox": loops.deliver(rooms.outbox, loops.Trouble()),
        }


async def _run_loop(rooms: Rooms, http: HttpServer, stopping: asyncio.Event) -> None:
    """Broker, HTTP and commands, until asked to stop; raises what ended one of them."""
    works = {"ingester": rooms.pipes.ingester.run(), "http": http.run(), "courier": rooms.pipes.courier.run()}
    tasks = {name: asyncio.create_task(work, name=name) for name, work in works.items()}
    stop = asyncio.create_task(stopping.wait())
    try:
        await asyncio.wait([*tasks.values(), stop], return_when=asyncio.FIRST_COMPLETED)
    finally:
        stop.cancel()
        tasks["courier"].cancel()
        rooms.pipes.ingester.request_stop()
        http.request_stop()
        ends = await asyncio.gather(*tasks.values(), return_exceptions=True)
    for name, end in zip(tasks, ends, strict=True):
        if isinstance(end, Exception):
            raise ServiceError(f"{name}: {end}") from end


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
