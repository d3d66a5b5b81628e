"""The rules in force: what their file says now, read again when it has changed, without a restart.

A file that can't be meant changes nothing: the rules before it stay, and :attr:`RulesInForce.trouble` says why. At the start
there is nothing before it, and it is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from alerts.errors import InvalidError
from alerts.rules.desk_rules import DeskRules
from alerts.rules.reading import load_rules

if TYPE_CHECKING:
    from pathlib import Path

log = structlog.get_logger()

_Mark = tuple[int, int, int]


class RulesInForce:
    """Holds the rules of one process; one thread looks at the file, any thread reads."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._mark = self._look()
        self._rules = load_rules(path)
        self.trouble: str | None = None
        """Why the file as it is now does not hold; None while it does."""

    @property
    def in_force(self) -> DeskRules:
        """The rules that hold now: the same object until they change."""
        return self._rules

    def look(self) -> bool:
        """Read the file again if it has changed; whether other rules hold now."""
        mark = self._look()
        if self._path is None or mark == self._mark:
            return False
        self._mark = mark
        try:
            read = load_rules(self._path)
        except InvalidError as error:
            self.trouble = f"{error} The rules before it stay in force."
            log.error("rules_not_read", sentence=str(error))  # noqa: TRY400 - the sentence says it
            return False
        self.trouble = None
        has_changed = read != self._rules
        if has_changed:
            self._rules = read
            log.info("rules_read", path=str(self._path))
        return has_changed

    def _look(self) -> _Mark | None:
        """By what another content of the file is told; None where it can't be looked at."""
        if self._path is None:
            return None
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino
