"""Two ways of working: what the desk proposes, and first come, first served by whoever lives nearest, without a kit."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from alerts.errors import ConflictError
from ingest.clock import from_ms

if TYPE_CHECKING:
    from alerts.desk import Desk
    from alerts.visits.visit import Visit
    from api.desk_trial.case import Case
    from simulator.people.after_sales import WorldTechnician

Named = Mapping[str, "WorldTechnician"]
"""Technicians by the desk's id."""


class Way(Protocol):
    """How a desk works."""

    def action(self, desk: Desk, case: Case) -> str:
        """What is done first: visit, remote, fix_first or notice."""
        ...

    def book(self, desk: Desk, case: Case, *, refusals: int) -> Visit | None:
        """A visit, or none while nobody has time; ``refusals`` times were offered in vain before."""
        ...

    def kit(self, desk: Desk, case: Case) -> frozenset[str]:
        """The parts that are brought along for this ticket."""
        ...


@dataclass(frozen=True, slots=True)
class ByTheDesk:
    """The gate, proposals, and parts that were reserved by probability."""

    def action(self, desk: Desk, case: Case) -> str:
        """What the gate says on the ticket."""
        gate = desk.tickets.read(case.number).gate
        return "visit" if gate is None else str(gate["action"])

    def book(self, desk: Desk, case: Case, *, refusals: int) -> Visit | None:
        """The best proposal, or the next one where the customer said no."""
        desk.stock.follow()
        found = desk.visits.propose([case.number], limit=refusals + 1).items
        if not found:
            return None
        chosen = found[min(refusals, len(found) - 1)]
        return desk.visits.book([case.number], chosen.technician_id, chosen.start)

    def kit(self, desk: Desk, case: Case) -> frozenset[str]:
        """What is reserved for the ticket."""
        return frozenset(one.sku for one in desk.stock.reservations(case.number) if one.ended_at is None)


@dataclass(slots=True)
class ByNaiveRules:
    """First come, first served, by whoever lives nearest, whatever they know; nothing is brought but what the van holds."""

    technicians: Named
    _days: dict[tuple[str, date], int] = field(default_factory=dict)

    def action(self, desk: Desk, case: Case) -> str:
        """Somebody goes, always."""
        del desk, case
        return "visit"

    def book(self, desk: Desk, case: Case, *, refusals: int) -> Visit | None:
        """The next free of four times a day of the nearest; the law is kept, skills are not looked at."""
        home = case.fault.home
        near = sorted(
            self.technicians,
            key=lambda one: math.hypot(
                self.technicians[one].latitude - home.latitude, self.technicians[one].longitude - home.longitude
            ),
        )
        for technician_id in near:
            try:
                return self._book(desk, case, technician_id, refusals)
            except ConflictError:
                continue
        return None

    def kit(self, desk: Desk, case: Case) -> frozenset[str]:
        """Nothing but what was ordered for it after somebody was there."""
        kept = desk.stock.reservations(case.number)
        return frozenset(one.sku for one in kept if one.is_by_hand and one.ended_at is None)

    def _book(self, desk: Desk, case: Case, technician_id: str, refusals: int) -> Visit:
        now = from_ms(desk.unit.clock.now_ms())
        day = now.date() + timedelta(days=1 + refusals)
        while self._days.get((technician_id, day), 0) >= PER_DAY or day.isoweekday() > WORKDAYS:
            day += timedelta(days=1)
        place = self._days.get((technician_id, day), 0)
        start = datetime(day.year, day.month, day.day, 8 + 2 * place, 30, tzinfo=now.tzinfo)
        visit = desk.visits.book([case.number], technician_id, start, override="first come, first served")
        self._days[technician_id, day] = place + 1
        return visit


PER_DAY, WORKDAYS = 4, 5
