"""Incidents, as they are asked for, and the look that finds them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from alerts.database import Transaction, UnitOfWork
from alerts.incidents.grouping import Deviating, is_due, look
from alerts.incidents.incident import Incident, IncidentKind, IncidentState
from alerts.incidents.reading import list_incidents, read_incident
from alerts.page import LIMIT_DEFAULT, Page

WhenHeld = Callable[[Transaction, str], None]
"""Takes back the tickets that members of an incident have opened and nobody has touched, given the incident's id."""


@dataclass(frozen=True, slots=True)
class Incidents:
    """Appliances with one presumed cause; one method, one transaction."""

    unit: UnitOfWork
    deviating: Deviating
    when_held: WhenHeld
    stale_after_s: float

    def page(
        self,
        *,
        state: IncidentState | None = None,
        kind: IncidentKind | None = None,
        cursor: str | None = None,
        limit: int = LIMIT_DEFAULT,
    ) -> Page[Incident]:
        """One page of incidents, newest first."""
        return self.unit.look(lambda t: list_incidents(t, state=state, kind=kind, cursor=cursor, limit=limit))

    def read(self, ref: str) -> Incident:
        """One incident, by id or number, with its members."""
        return self.unit.look(lambda t: read_incident(t, ref))

    def look(self) -> int:
        """Find what has begun and what is over; returns how many incidents were opened that hold tickets, or closed."""

        def work(t: Transaction) -> int:
            changed = look(t, self.deviating, stale_after_s=self.stale_after_s)
            for incident_id in changed.holding:
                self.when_held(t, incident_id)
            return len(changed.holding) + changed.closed

        if not self.unit.look(lambda t: is_due(t, self.deviating, stale_after_s=self.stale_after_s)):
            return 0
        return self.unit.write(work)
