"""Clocks, as time passes."""

from __future__ import annotations

from dataclasses import dataclass

from alerts.clocks.following_rules import has_other_terms, move_to_terms
from alerts.clocks.telling import has_late, tell_late
from alerts.database import UnitOfWork


@dataclass(frozen=True, slots=True)
class Clocks:
    """What is due and what is late; one method, one transaction."""

    unit: UnitOfWork

    def tell_late(self) -> int:
        """Tell some of what has come due or was passed since the last time; returns how many."""
        return self.unit.write(tell_late) if self.unit.look(has_late) else 0

    def follow_rules(self) -> int:
        """Put some of the tickets whose policy or calendar has changed under the new one; returns how many."""
        return self.unit.write(move_to_terms) if self.unit.look(has_other_terms) else 0
