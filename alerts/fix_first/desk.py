"""Fix-first, as it is asked for, told, and settled by time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from alerts.database import Transaction, UnitOfWork
from alerts.fix_first.attempt import FixFirst
from alerts.fix_first.reading import read_fix_first
from alerts.fix_first.settling import has_open, settle
from alerts.fix_first.telling import tell
from alerts.tickets.steps import WhenOver
from ingest.profiles.definition import Profile


@dataclass(frozen=True, slots=True)
class FixFirsts:
    """What customers can do before anybody comes; one method, one transaction."""

    unit: UnitOfWork
    profiles: Mapping[str, Profile]
    when_over: WhenOver

    def read(self, ticket_ref: str) -> FixFirst:
        """What a ticket offers, and what was tried."""
        return self.unit.look(lambda t: read_fix_first(t, ticket_ref, self.profiles))

    def tell(self, ticket_ref: str, *, is_done: bool, note: str | None = None) -> FixFirst:
        """The customer has done it, or won't."""

        def work(t: Transaction) -> FixFirst:
            tell(t, ticket_ref, self.profiles, is_done=is_done, note=note)
            return read_fix_first(t, ticket_ref, self.profiles)

        return self.unit.write(work)

    def settle(self) -> int:
        """Let the readings decide what is watched; returns how many were decided."""
        if not self.unit.look(has_open):
            return 0
        return self.unit.write(lambda t: settle(t, self.profiles, self.when_over))
