"""Clocks, as time passes."""

from __future__ import annotations

from dataclasses import dataclass

from alerts.clocks.telling import has_late, tell_late
from alerts.database import UnitOfWork


@dataclass(frozen=True, slots=True)
class Clocks:
    """What is due and what is late; one method, one transaction."""

    unit: UnitOfWork

    def tell_late(self) -> int:
        """Tell what has come due or was passed since the last time; returns how many."""
        return self.unit.write(tell_late) if self.unit.look(has_late) else 0
