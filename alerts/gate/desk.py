"""The gate, as it is asked for and as time passes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from alerts.database import UnitOfWork
from alerts.gate.standing import ModeStanding, has_counted, list_standings, look_at_modes


@dataclass(frozen=True, slots=True)
class GateDesk:
    """Which fault modes send somebody; one method, one transaction."""

    unit: UnitOfWork

    def modes(self) -> Sequence[ModeStanding]:
        """How each fault mode of each model stands, the watched ones first."""
        return self.unit.look(list_standings)

    def look(self) -> int:
        """Count visits anew; returns how many modes fell to watch or came back."""
        return self.unit.write(look_at_modes) if self.unit.look(has_counted) else 0
