"""A process of the service: its roles' loops, a thread each, over its rooms; they live and die together.

Everything behind the journal may be away, the broker too: the service waits and says so on ``/readyz``. The death of one
thread ends the service with its cause: a service that only half works looks healthy and isn't.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

import structlog

from alerts.errors import DeskError
from api.http.listening import ListenError
from api.service.process_lock import AlreadyRunning, ProcessLock, UnusableFolder
from api.service.role import ALL, ServiceRole
from api.service.rooms import Rooms
from api.service.service_thread import ServiceThread
from api.service.surroundings import Surroundings
from api.service.table import LOOPS
from detectors.learning.fit_file import FitError
from ingest.books.books import BooksError
from ingest.journal import JournalError
from ingest.mqtt.address import AddressError
from ingest.profiles import ProfileError
from ingest.store import StoreError
from ingest.wire.foreign.devices import DevicesError

if TYPE_CHECKING:
    from types import FrameType

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
    FitError,
    JournalError,
    ListenError,
    ProfileError,
    StoreError,
    UnusableFolder,
)
"""What may go wrong at a start and is told in one sentence."""


class ServiceError(Exception):
    """The service can't start, or has died; the text says why."""


class Service:
    """All roles of an installation, or some. :attr:`rooms` gives the demo and the tests what is open."""

    def __init__(
        self,
        settings: Settings,
        around: Surroundings | None = None,
        roles: Sequence[ServiceRole] = ALL,
        *,
        lock: ProcessLock | None = None,
    ) -> None:
        """``lock``: of somebody who holds the roles already, and longer than the service needs them."""
        self.settings = settings
        self.roles = tuple(roles)
        self._around = around or Surroundings()
        self._is_lock_ours = lock is None
        self._lock = lock or ProcessLock(settings.data_dir, tuple(role.value for role in roles))
        self._threads: list[ServiceThread] = []
        self._opened: ExitStack | None = None
        self._rooms: Rooms | None = None
        self._ended = threading.Event()
        self.failure: ServiceError | None = None
        """Why the service has died; None while it lives."""
        self.is_hanging = False
        """Whether a thread did not end in time at the stop."""

    @property
    def rooms(self) -> Rooms:
        """What is open between start and stop."""
        if self._rooms is None:
            raise ServiceError("The service is not started.")
        return self._rooms

    @property
    def url(self) -> str:
        """Where API and console are; empty in a process without the role ``api``."""
        return self.rooms.url

    def start(self) -> None:
        """Open everything and start the threads; raises :class:`ServiceError` with a sentence, and leaves nothing open."""
        try:
            with ExitStack() as opened:
                if self._is_lock_ours:
                    self._lock.acquire()
                    opened.callback(self._lock.release)
                rooms = self._rooms = Rooms(self.settings, self._around, self.roles)
                opened.callback(rooms.close)
                self._threads = self._make_threads(rooms)
                self._opened = opened.pop_all()
        except EXPECTED as error:
            raise ServiceError(str(error)) from error
        except OSError as error:
            raise ServiceError(f"{error.filename or self.settings.data_dir}: {error.strerror}.") from error
        log.info("service_opened", roles=[role.value for role in self.roles], url=rooms.url)
        for thread in self._threads:
            thread.start()

    def _make_threads(self, rooms: Rooms) -> list[ServiceThread]:
        """A thread for each loop that is ours."""
        ours = [loop for loop in LOOPS if loop.role is None or loop.role in self.roles]
        return [ServiceThread(loop.name, loop.make(rooms), on_death=self._died) for loop in ours]

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
        self._lock.say_stopping()
        for thread in self._threads:
            thread.ask_to_stop()
        self.rooms.ask_to_stop()
        late = [thread.name for thread in self._threads if not thread.join(deadline - time.monotonic())]
        if late:
            log.warning("threads_did_not_end", threads=late)  # their files and our roles are free when the process ends
            self.is_hanging = True
            opened.pop_all()
        else:
            opened.close()
        self._ended.set()
        log.info("service_stopped")

    def _died(self, name: str, cause: BaseException) -> None:
        """A thread has ended with an error: so does the service."""
        if self.failure is None:
            self.failure = ServiceError(f"The {name} loop has died: {type(cause).__name__}: {cause}")
        self._ended.set()


def spare_what_stays() -> None:
    """Take what stands when all is started (modules, tables, routes) out of every later collection of garbage.

    To go through it took a tenth of a second of whichever request it fell into, and found nothing: it lives as long as the process.
    """
    gc.collect()
    gc.freeze()


def run_until_signal(service: Service) -> None:
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
    spare_what_stays()
    service.wait()
    service.stop()
    if service.failure is not None:
        raise service.failure
    if service.is_hanging:
        sys.stderr.flush()
        os._exit(0)  # the interpreter's own end takes seconds on a busy machine, and would give nothing back
