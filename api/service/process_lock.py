"""One process per role and data folder: a second one is refused and told who is there.

The lock is the operating system's on an open file, so it ends with the process however that dies. A process that has been
asked to stop says so in the file: whoever is started in its place meanwhile waits for it.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

import structlog

from api.service.private_folder import make_private

STOPPED_WITHIN_S = 10.0
"""No stop takes longer; who still holds a role then is not waited for any more."""
LOOK_EVERY_S = 0.05
_STOPPING = "stopping"

log = structlog.get_logger()


class AlreadyRunning(Exception):  # noqa: N818  (a statement, not an accident)
    """Another process holds the role on this data folder; ``pid`` is its number, 0 where it can't be read."""

    def __init__(self, role: str, folder: Path, pid: int, *, is_stopping: bool = False) -> None:
        what = (
            f"was asked to stop and has not ended within {STOPPED_WITHIN_S:.0f} s. End it (kill -9 {pid})"
            if is_stopping
            else "already works there. Stop it first"
        )
        super().__init__(f"{folder} is in use: pid {pid}, role {role}, {what}, or give FETTLE_DATA_DIR.")
        self.pid = pid


class UnusableFolder(OSError):  # noqa: N818  (a statement about the folder)
    """The data folder can't be made or written."""

    def __init__(self, folder: Path, cause: OSError) -> None:
        super().__init__(
            f"The data folder {folder} can't be used ({cause.strerror}): "
            "give FETTLE_DATA_DIR a folder that this user may write."
        )


class ProcessLock:
    """Holds roles on a data folder from :meth:`acquire` to :meth:`release`."""

    def __init__(self, folder: Path, roles: tuple[str, ...], *, pause: Callable[[float], None] = time.sleep) -> None:
        """``pause``: how a process that is stopping is waited for."""
        self._folder = folder
        self._roles = roles
        self._pause = pause
        self._files: list[IO[str]] = []

    def acquire(self) -> None:
        """Take all roles, or raise :class:`AlreadyRunning` and take none; one who is stopping is waited for."""
        looks_left = round(STOPPED_WITHIN_S / LOOK_EVERY_S)
        for role in self._roles:
            while (holder := self._take(role)) is not None:
                is_stopping = holder.endswith(_STOPPING)
                if not is_stopping or not looks_left:
                    self.release()
                    pid = holder.partition(" ")[0]
                    raise AlreadyRunning(
                        role, self._folder, int(pid) if pid.isdigit() else 0, is_stopping=is_stopping
                    ) from None
                if looks_left == round(STOPPED_WITHIN_S / LOOK_EVERY_S):
                    log.info("waits_for_the_one_before", folder=str(self._folder), holder=holder)
                looks_left -= 1
                self._pause(LOOK_EVERY_S)

    def say_stopping(self) -> None:
        """Let whoever is started in our place wait for our end."""
        for file in self._files:
            _write(file, f"{os.getpid()} {_STOPPING}")

    def _take(self, role: str) -> str | None:
        """Take one role; else what its holder says of itself."""
        file = self._open(role)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with file:
                file.seek(0)
                return file.read().strip()
        self._files.append(file)
        _write(file, str(os.getpid()))
        return None

    def _open(self, role: str) -> IO[str]:
        """The file of one role's lock; raises :class:`UnusableFolder`."""
        try:
            make_private(self._folder)
            return (self._folder / f"{role}.lock").open("a+", encoding="ascii", errors="replace")
        except OSError as error:
            self.release()
            raise UnusableFolder(self._folder, error) from error

    def release(self) -> None:
        """Give all roles back."""
        for file in self._files:
            file.close()
        self._files.clear()


def _write(file: IO[str], text: str) -> None:
    """What the file says from now on."""
    file.truncate(0)
    file.write(text)
    file.flush()
