"""Claims the desk's database for our journal, and says every few seconds that we live."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from alerts.cursors.claim import claim, hold, let_go
from alerts.errors import UnavailableError
from ingest.journal import JournalError

if TYPE_CHECKING:
    from alerts.database import UnitOfWork
    from ingest.journal import Journal

HOLD_EVERY_S = 5.0

log = structlog.get_logger()


@dataclass(slots=True)
class Claim:
    """The claim of this process's installation; whoever reads the journal for the desk asks for it first."""

    unit: UnitOfWork
    folder: Path
    _journal: str | None = None
    _sentence: str | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def make(self, journal: Journal) -> bool:
        """Whether the database is ours; False while journal or database are away.

        Raises :class:`alerts.errors.DatabaseError` where it belongs to another installation.
        """
        with self._lock:
            if self._journal is not None:
                return True
            place = f"{socket.gethostname()}:{self.folder.absolute()}"
            try:
                identity = journal.identity()
                self.unit.write(lambda t: claim(t, identity, place))
            except (JournalError, UnavailableError) as error:
                if self._sentence != str(error):
                    log.warning("claim_waits", sentence=str(error))
                self._sentence = str(error)
                return False
            self._journal = identity
            return True

    def hold(self) -> None:
        """Say that we live, where we have claimed anything."""
        with self._lock:
            journal = self._journal
        if journal is not None:
            self.unit.write(lambda t: hold(t, journal))

    def let_go(self) -> None:
        """Say that we have ended; what can't be said now is concluded from our silence."""
        with self._lock:
            journal, self._journal = self._journal, None
        if journal is not None:
            with suppress(UnavailableError):
                self.unit.write(lambda t: let_go(t, journal))

    def loop(self) -> Callable[[threading.Event], None]:
        """Hold the claim until the process stops."""

        def run(stop: threading.Event) -> None:
            while not stop.wait(HOLD_EVERY_S):
                with suppress(UnavailableError):  # told by readiness; the claim stands
                    self.hold()

        return run
