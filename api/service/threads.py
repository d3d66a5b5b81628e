"""What every service of ours is: a lock on its roles, parts that are open, and threads that live and die together.

The death of one thread ends the service with its cause: a service that only half works looks healthy and isn't.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING

import structlog

from alerts.errors import DeskError
from api.http.listening import ListenError
from api.service.process_lock import AlreadyRunning, ProcessLock
from api.service.rooms import RoomsError
from api.service.service_thread import Run, ServiceThread
from ingest.books.books import BooksError
from ingest.journal import JournalError
from ingest.mqtt.address import AddressError
from ingest.profiles import ProfileError
from ingest.store import StoreError
from ingest.wire.foreign.devices import DevicesError

if TYPE_CHECKING:
    from api.settings.settings import Settings

log = structlog.get_logger()

STOP_WITHIN_S = 8.0
"""How long threads may take to end; with what the process itself needs then, a stop takes 10 s at most."""
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

Runs = Mapping[str, Run]
"""Loops by name."""


class ServiceError(Exception):
    """The service can't start, or has died; the text says why."""


class Threaded:
    """Starts and stops loops together. A service says in :meth:`_open` what it opens and which loops it has."""

    def __init__(self, settings: Settings, roles: tuple[str, ...]) -> None:
        self.settings = settings
        self._lock = ProcessLock(settings.data_dir, roles)
        self._threads: list[ServiceThread] = []
        self._opened: ExitStack | None = None
        self._at_stop: list[Callable[[], None]] = []
        self._at_close: list[Callable[[], None]] = []
        self._ended = threading.Event()
        self.failure: ServiceError | None = None
        """Why the service has died; None while it lives."""
        self.is_hanging = False
        """Whether a thread did not end in time at the stop."""

    def _open(self, opened: ExitStack) -> Runs:
        """Open what is needed, closed by ``opened``; the loops by name."""
        raise NotImplementedError

    def start(self) -> None:
        """Open everything and start the threads; raises :class:`ServiceError` with a sentence, and leaves nothing open."""
        try:
            with ExitStack() as opened:
                self._lock.acquire()
                opened.callback(self._lock.release)
                runs = self._open(opened)
                self._opened = opened.pop_all()
        except OSError as error:
            raise ServiceError(f"{error.filename or self.settings.data_dir}: {error.strerror}.") from error
        except EXPECTED as error:
            raise ServiceError(str(error)) from error
        self._threads = [ServiceThread(name, run, on_death=self._died) for name, run in runs.items()]
        for thread in self._threads:
            thread.start()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Block until the service has died or was asked to end; False where neither came in time."""
        return self._ended.wait(timeout_s)

    def end(self) -> None:
        """Let :meth:`wait` return; from any thread."""
        self._ended.set()

    def stop(self) -> None:
        """Acknowledge what is durable, save what is known, end all threads, close everything; may be called twice."""
        opened, self._opened = self._opened, None
        if opened is None:
            return
        deadline = time.monotonic() + STOP_WITHIN_S
        for thread in self._threads:
            thread.ask_to_stop()
        for call in self._at_stop:
            call()
        late = [thread.name for thread in self._threads if not thread.join(deadline - time.monotonic())]
        if late:
            log.warning("threads_did_not_end", threads=late)  # their files are closed by the end of the process
            self.is_hanging = True
            opened.pop_all()
            self._lock.release()
        else:
            for call in self._at_close:
                call()
            opened.close()
        self._ended.set()
        log.info("service_stopped")

    def at_stop(self, call: Callable[[], None]) -> None:
        """Have something called when the service is to stop, before its threads are waited for."""
        self._at_stop.append(call)

    def at_close(self, call: Callable[[], None]) -> None:
        """Have something closed when all threads have ended; from any thread."""
        self._at_close.append(call)

    def in_loop(self, work: Callable[[asyncio.Event], Awaitable[None]]) -> Run:
        """A thread's run that drives an asyncio loop; the work gets the event that asks it to end."""

        async def drive(stop: threading.Event) -> None:
            loop, stopping = asyncio.get_running_loop(), asyncio.Event()

            def ask() -> None:
                if not loop.is_closed():
                    loop.call_soon_threadsafe(stopping.set)

            self.at_stop(ask)
            if stop.is_set():
                return
            await work(stopping)

        return lambda stop: asyncio.run(drive(stop))

    def _died(self, name: str, cause: BaseException) -> None:
        """A thread has ended with an error: so does the service."""
        if self.failure is None:
            self.failure = ServiceError(f"The {name} loop has died: {type(cause).__name__}: {cause}")
        self._ended.set()
