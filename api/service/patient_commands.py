"""Commands for the courier while the desk's database may be away: nothing is due then, and nothing is lost.

A command whose sending could not be noted stays due and is sent again under its id; the appliance answers a repeated id
with its old result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from alerts.desk import Desk
from alerts.errors import UnavailableError
from ingest.wire.outgoing import Outgoing

log = structlog.get_logger()


@dataclass(slots=True)
class PatientCommands:
    """The desk as a source of commands that never fails because its database is away."""

    desk: Desk
    _is_told: bool = False

    def due(self, now_ms: int) -> Sequence[Outgoing]:
        """What is to be sent now; nothing while the database is away."""
        try:
            commands = self.desk.sessions.due(now_ms)
        except UnavailableError as error:
            self._tell(error)
            return ()
        self._is_told = False
        return commands

    def claim(self, command_id: str, now_ms: int) -> bool:
        """Whether a command may be published; not while that can't be written down."""
        try:
            return self.desk.sessions.claim(command_id, now_ms)
        except UnavailableError as error:
            self._tell(error)
            return False

    def sent(self, command_id: str, now_ms: int) -> None:
        """Note that the broker has taken a command, if that can be noted now."""
        try:
            self.desk.sessions.sent(command_id, now_ms)
        except UnavailableError as error:
            self._tell(error)

    def _tell(self, error: UnavailableError) -> None:
        """Say once that commands wait."""
        if not self._is_told:
            log.warning("commands_wait", sentence=str(error))
        self._is_told = True
