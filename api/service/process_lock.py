"""One process per role and data folder: a second one is refused and told who is there.

The lock is the operating system's on an open file, so it ends with the process however that dies.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import IO

from api.service.private_folder import make_private


class AlreadyRunning(Exception):  # noqa: N818  (a statement, not an accident)
    """Another process holds the role on this data folder; ``pid`` is its number, 0 where it can't be read."""

    def __init__(self, role: str, folder: Path, pid: int) -> None:
        super().__init__(
            f"A process of role {role} already works on {folder}: pid {pid}. Stop it first, or give FETTLE_DATA_DIR."
        )
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

    def __init__(self, folder: Path, roles: tuple[str, ...]) -> None:
        self._folder = folder
        self._roles = roles
        self._files: list[IO[str]] = []

    def acquire(self) -> None:
        """Take all roles, or raise :class:`AlreadyRunning` and take none."""
        for role in self._roles:
            file = self._open(role)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.seek(0)
                text = file.read().strip()
                file.close()
                self.release()
                raise AlreadyRunning(role, self._folder, int(text) if text.isdigit() else 0) from None
            self._files.append(file)
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()

    def _open(self, role: str) -> IO[str]:
        """The file of one role's lock; raises :class:`UnusableFolder`."""
        try:
            make_private(self._folder)
            return (self._folder / f"{role}.lock").open("a+", encoding="ascii")
        except OSError as error:
            self.release()
            raise UnusableFolder(self._folder, error) from error

    def release(self) -> None:
        """Give all roles back."""
        for file in self._files:
            file.close()
        self._files.clear()
