"""The service: all rooms in one process, one thread per loop, put together, started and stopped here.

Threads: the event loop (broker, HTTP, commands), the journal's commits, and one per cursor (admit, store, detect, desk),
and the outbox. The death of any of them ends the service with its cause: a service that only half works looks healthy
and isn't. Everything behind the journal may be away; the broker too: the service waits and says so on /readyz.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from typing import TYPE_CHECKING

import structlog

from alerts.errors import DeskError
from api import loops
from api.app import make_app
from api.context import Context
from api.http_server import HttpServer, ListenError, bind
from api.process_lock import AlreadyRunning, ProcessLock
from api.rooms import Rooms, RoomsError, Surroundings, open_rooms
from api.service_thread import ServiceThread
from api.vital_signs import VitalSigns
from ingest.books import BooksError
from ingest.journal import JournalError
from ingest.mqtt.address import AddressError
from ingest.profiles import ProfileError
from ingest.store import StoreError
from ingest.wire.foreign.devices import DevicesError

if TYPE_CHECKING:
    import socket
    from collections.abc import Coroutine
    from types import FrameType
    from typing import Any

    from api.settings import Settings

log = structlog.get_logger()

STOP_WITHIN_S = 10.0
ROLES = ("ingest", "detect", "desk", "api")
EXPECTED = (
    AddressError,
    AlreadyRunning,
    BooksError,
    DeskError,
    DevicesError,
    JournalError,
    ListenError,
    ProfileError,
    RoomsError,
    StoreError,
)
"""What may go wrong at a start and is told in one sentence."""


class ServiceError(Exception):
    """The service can't start, or has died; the text says why."""


class Service:
    """Everything in one process. :meth:`start` returns when all threads run; :meth:`stop` when all have ended.

    ``url`` is where the console is; :attr:`rooms` gives the demo and the tests the desk, the store and the books.
    """

    def __init__(self, settings: Settings, around: Surroundings | None = None) -> None:
        self.settings = settings
        self._around = around or Surroundings()
        self._lock = ProcessLock(settings.data_dir, ROLES)
        self._rooms: Rooms | None = None
        self._threads: list[ServiceThread] = []
        self._loop_ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._context: Context | None = None
        self._ended = threading.Event()
        self.failure: ServiceError | None = None
        """Why the service has died; None while it lives."""
        self.url = ""

    @property
    def rooms(self) -> Rooms:
        """What is open between start and stop."""
        if self._rooms is None:
            raise ServiceError("The service is not started.")
        return self._rooms

    def start(self) -> None:
        """Open everything and start the threads; raises :class:`ServiceError` with a sentence, and leaves nothing open."""
        try:
            listening = bind(*self.settings.http_address)
            try:
                self._lock.acquire()
                self._rooms = open_rooms(self.settings, self._around)
            except BaseException:
                listening.close()
                self._lock.release()
                raise
        except OSError as error:
            raise ServiceError(f"{error.filename or self.settings.data_dir}: {error.strerror}.") from error
        except EXPECTED as error:
            raise ServiceError(str(error)) from error
        host, port = listening.getsockname()[:2]
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        self._threads = self._make_threads(self._rooms, listening)
        for thread in self._threads:
            thread.start()
        self._loop_ready.wait(STOP_WITHIN_S)
        log.info("service_started", url=self.url, broker=self._rooms.pipes.ingester.session.stats.sentence)

    def wait(self, timeout_s: float | None = None) -> bool:
        """Block until the service has died or was asked to end; False where neither came in time."""
        return self._ended.wait(timeout_s)

    def end(self) -> None:
        """Let :meth:`wait` return; from any thread."""
        self._ended.set()

    def stop(self) -> None:
        """Acknowledge what is durable, save what is known, end all threads, close everything; may be called twice."""
        rooms, self._rooms = self._rooms, None
        if rooms is None:
            return
        deadline = time.monotonic() + STOP_WITHIN_S
        if self._context is not None:
            self._context.is_closing.set()
        for thread in self._threads:
            thread.ask_to_stop()
        if self._loop is not None and self._stopping is not None and self._threads[0].is_alive:
            self._loop.call_soon_threadsafe(self._stopping.set)
        rooms.pipes.admitter.stop()
        late = [thread.name for thread in self._threads if not thread.join(deadline - time.monotonic())]
        if late:
            log.warning("threads_did_not_end", threads=late)  # their files are closed by the end of the process
        else:
            rooms.close()
        self._lock.release()
        self._ended.set()
        log.info("service_stopped")

    def _make_threads(self, rooms: Rooms, listening: socket.socket) -> list[ServiceThread]:
        """One per loop; the event loop first."""
        signs = VitalSigns(rooms)
        self._context = Context(
            settings=self.settings,
            clock=rooms.desk.clock,
            desk=rooms.desk,
            accounts=rooms.accounts,
            store=rooms.store,
            profiles=rooms.profiles,
            books=rooms.books,
            live=rooms.pipes.live,
            not_ready=signs.not_ready,
            metrics=signs.exposition,
        )
        http = HttpServer(make_app(self._context), listening)
        troubles = loops.Trouble(), loops.Trouble(), loops.Trouble()
        runs = {
            "loop": lambda _stop: asyncio.run(self._run_loop(rooms, http)),
            "admit": lambda _stop: rooms.pipes.admitter.run(),
            "store": rooms.writer.run,
            "detect": loops.detect(rooms.runner, rooms.pipes.feed, troubles[0]),
            "desk": loops.desk(rooms.inbox, rooms.timers, rooms.desk.clock, troubles[1]),
            "outbox": loops.deliver(rooms.outbox, troubles[2]),
        }
        return [ServiceThread(name, run, on_death=self._died) for name, run in runs.items()]

    def _died(self, name: str, cause: BaseException) -> None:
        """A thread has ended with an error: so does the service."""
        if self.failure is None:
            self.failure = ServiceError(f"The {name} loop has died: {type(cause).__name__}: {cause}")
        self._ended.set()

    async def _run_loop(self, rooms: Rooms, http: HttpServer) -> None:
        """Broker, HTTP and commands, until asked to stop; raises what ended one of them."""
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        works: dict[str, Coroutine[Any, Any, None]] = {
            "ingester": rooms.pipes.ingester.run(),
            "http": http.run(),
            "courier": rooms.pipes.courier.run(),
        }
        tasks = {name: asyncio.create_task(work, name=name) for name, work in works.items()}
        stopping = asyncio.create_task(self._stopping.wait())
        self._loop_ready.set()
        try:
            await asyncio.wait([*tasks.values(), stopping], return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
            tasks["courier"].cancel()
            rooms.pipes.ingester.request_stop()
            http.request_stop()
            ends = await asyncio.gather(*tasks.values(), return_exceptions=True)
        for name, end in zip(tasks, ends, strict=True):
            if isinstance(end, Exception):
                raise ServiceError(f"{name}: {end}") from end
        if not self._stopping.is_set():
            raise ServiceError("a part of the event loop has ended by itself")


def run_service(settings: Settings) -> None:
    """``fettle serve``: run until SIGTERM or SIGINT; a second one ends the process at once."""
    service = Service(settings)
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
