"""A technician's own day: their visits with all that is needed at the door, so that one answer lasts a day without network.

Who lives where is told while a visit is still to come or under way, and to a provider's technician only where the customer
allows that contractors are told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from alerts.customers.sealed import Sealed
from alerts.customers.sealed_unit import SealedUnit
from alerts.page import LIMIT_MAX
from alerts.people.offers import whereabouts
from alerts.people.reading import technician_of
from alerts.people.technician import Technician
from alerts.tickets.reading import read_ticket
from alerts.tickets.ticket import RecommendedPart
from alerts.visits.hours import day_of
from alerts.visits.lifecycle import VISIT_STANDING, VisitState
from alerts.visits.reading import VisitFilter, list_visits
from alerts.visits.visit import Visit


@dataclass(frozen=True, slots=True)
class OwnWork:
    """A ticket of a visit: what is to be checked first, and what to bring."""

    number: int
    title: str
    kind: str
    model: str | None
    fault_mode: str | None
    appliance_id: str
    first_check: Mapping[str, str] | None
    parts: Sequence[RecommendedPart]


@dataclass(frozen=True, slots=True)
class OwnVisit:
    """A visit with its work, and who lives where."""

    visit: Visit
    works: Sequence[OwnWork]
    contact: str | None
    phones: Sequence[str]
    address: str | None


@dataclass(frozen=True, slots=True)
class OwnDay:
    """The visits of whoever asks, in order; ``technician`` None where their account is no technician's."""

    day: date
    time_zone: str
    technician: str | None
    visits: Sequence[OwnVisit]


@dataclass(frozen=True, slots=True)
class OwnVisits:
    """Visits as those ask who go."""

    sealed: SealedUnit

    def day(self, day: date | None = None) -> OwnDay:
        """A day where the technician is; today without one."""
        return self.sealed.look(lambda s: _day(s, day))


def _day(s: Sealed, wanted: date | None) -> OwnDay:
    own = technician_of(s.t, s.t.who)
    zone = own.time_zone if own else "UTC"
    day = wanted or day_of(s.t.now_ms, zone)
    if own is None:
        return OwnDay(day, zone, None, ())
    found = list_visits(s.t, VisitFilter(day, zone, technician_id=own.id), cursor=None, limit=LIMIT_MAX).items
    mine = [one for one in found if one.status is not VisitState.CANCELLED]
    mine.sort(key=lambda one: one.start)
    return OwnDay(day, zone, own.name, [_visit(s, own, one) for one in mine])


def _visit(s: Sealed, own: Technician, visit: Visit) -> OwnVisit:
    is_told = visit.status in VISIT_STANDING and bool(visit.tickets)
    name, phones, address = (
        whereabouts(s, visit.tickets[0].appliance_id, is_contractor=own.provider_id is not None)
        if is_told
        else (None, (), None)
    )
    return OwnVisit(visit, [_work(s, one.id) for one in visit.tickets], name, phones, address)


def _work(s: Sealed, ticket_id: str) -> OwnWork:
    ticket = read_ticket(s.t, ticket_id)
    return OwnWork(
        number=ticket.number,
        title=ticket.title,
        kind=ticket.kind,
        model=ticket.model,
        fault_mode=ticket.fault_mode,
        appliance_id=ticket.appliance_id,
        first_check=ticket.recommended.first_check,
        parts=ticket.recommended.parts,
    )
