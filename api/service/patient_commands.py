"""Commands for the courier while the desk's database may be away: nothing is due then, and nothing is lost.

A command whose sending could not be noted stays due and is sent again under its id; the appliance answers a repeated id
with its old result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from alerts.desk import Desk
from alerts.errors import UnavailableError
from api.service.patience import Patience
from ingest.wire.outgoing import Outgoing


@dataclass(slots=True)
class PatientCommands:
    """The desk as a source of commands that never fails because its database is away."""

    desk: Desk
    _patience: Patience = field(default_factory=lambda: Patience("commands_wait"))

    def due(self, now_ms: int) -> Sequence[Outgoing]:
        """What is to be sent now; nothing while the database is away."""
        try:
            commands = self.desk.sessions.due(now_ms)
        except UnavailableError as error:
            self._patience.wait(error)
            return ()
        self._patience.end()
        return commands

    def claim(self, command_id: str, now_ms: int) -> bool:
        """Whether a command may be published; not while that can't be written down."""
        try:
            return self.desk.sessions.claim(command_id, now_ms)
        except UnavailableError as error:
            self._patience.wait(error)
            return False

    def sent(self, command_id: str, now_ms: int) -> None:
        """Note that the broker has taken a command, if that can be noted now."""
        try:
            self.desk.sessions.sent(command_id, now_ms)
        except UnavailableError as error:
            self._patience.wait(error)
