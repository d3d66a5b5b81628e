"""Whose turn it is to write: first come, first served, among threads and processes of one SQLite file.

SQLite itself lets writers try again after growing pauses, so that of sixteen the unlucky one waited for seconds while new
ones went by. Here threads of one process stand in a queue; its first one draws a number from a file beside the database
and waits until who drew the number before is done. A number is the lock of a byte, which ends with its process: nobody
waits for the dead. The order is a courtesy; what keeps writers apart is still SQLite's own lock.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
import time
import weakref
from collections import deque
from pathlib import Path

from alerts.errors import UnavailableError

PATIENCE_S = 10.0
"""How long a writer waits for its turn."""
LOOK_EVERY_S = 0.001
_MUTEX = 0
_FIRST = 16
_NUMBERS = 1 << 30
_WIDTH = 8

_known: weakref.WeakValueDictionary[str, Turns] = weakref.WeakValueDictionary()
_knowing = threading.Lock()


class Turns:
    """The queue before one file."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._file: int | None = None
        self._gate = threading.Lock()
        self._is_taken = False
        self._waiting: deque[threading.Event] = deque()
        self._number = 0

    def take(self) -> None:
        """Wait for the turn; raises :class:`UnavailableError` where it does not come in time."""
        ends_at = time.monotonic() + PATIENCE_S
        self._wait_in_process(ends_at)
        try:
            self._draw(ends_at)
        except BaseException:
            self._pass_on()
            raise

    def give_back(self) -> None:
        """Let the next one."""
        if self._file is not None:
            fcntl.lockf(self._file, fcntl.LOCK_UN, 1, _FIRST + self._number)
        self._pass_on()

    def _wait_in_process(self, ends_at: float) -> None:
        """Become the one thread of this process that has the turn or waits for it."""
        mine = threading.Event()
        with self._gate:
            if not self._is_taken:
                self._is_taken = True
                return
            self._waiting.append(mine)
        if mine.wait(ends_at - time.monotonic()):
            return
        with self._gate:
            if mine not in self._waiting:
                return  # it came in the last moment
            self._waiting.remove(mine)
        raise _late()

    def _pass_on(self) -> None:
        """Let the next thread of this process."""
        with self._gate:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._is_taken = False

    def _draw(self, ends_at: float) -> None:
        """Draw a number, and wait for who has the one before."""
        if self._path is None:
            return
        if self._file is None:
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._wait_for(_MUTEX, ends_at)
        try:
            self._number = int.from_bytes(os.pread(self._file, _WIDTH, 0), "little") % _NUMBERS
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, _FIRST + self._number)
            os.pwrite(self._file, (self._number + 1).to_bytes(_WIDTH, "little"), 0)
        finally:
            fcntl.lockf(self._file, fcntl.LOCK_UN, 1, _MUTEX)
        before = _FIRST + (self._number - 1) % _NUMBERS
        try:
            self._wait_for(before, ends_at)
        except UnavailableError:
            fcntl.lockf(self._file, fcntl.LOCK_UN, 1, _FIRST + self._number)
            raise
        fcntl.lockf(self._file, fcntl.LOCK_UN, 1, before)

    def _wait_for(self, byte: int, ends_at: float) -> None:
        """Take the lock of a byte as soon as nobody has it."""
        assert self._file is not None  # noqa: S101  (opened by who calls)
        while True:
            with contextlib.suppress(BlockingIOError, PermissionError):
                fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, byte)
                return
            if time.monotonic() > ends_at:
                raise _late()
            time.sleep(LOOK_EVERY_S)

    def __del__(self) -> None:
        if self._file is not None:
            os.close(self._file)


def turns_of(database: str | None) -> Turns:
    """The one queue of this process before a database file; a database given as a URI is queued for within the process only."""
    if database is None:
        return Turns(None)
    is_file = not database.startswith("file:")
    name = os.path.realpath(database) if is_file else database
    with _knowing:
        turns = _known.get(name)
        if turns is None:
            turns = _known[name] = Turns(Path(f"{name}-turns") if is_file else None)
        return turns


def _late() -> UnavailableError:
    return UnavailableError(
        f"The database is locked: others have been writing for {PATIENCE_S:g} s, and no turn came. Try again."
    )
