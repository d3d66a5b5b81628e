"""Patience while the desk's database is away: whoever waits for it says so once, not at every try."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from alerts.errors import UnavailableError

log = structlog.get_logger()


@dataclass(slots=True)
class Patience:
    """What waits, by the name of its line in the log."""

    waiting: str
    _is_told: bool = False

    def wait(self, error: UnavailableError) -> None:
        """It can't be done now."""
        if not self._is_told:
            log.warning(self.waiting, sentence=str(error))
        self._is_told = True

    def end(self) -> None:
        """It can be done again."""
        self._is_told = False
