"""Visits, read: one, lists, and the ways of technicians as planning needs them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Select, select

from alerts.database import Transaction
from alerts.errors import UnknownError
from alerts.page import Page, moment, select_page
from alerts.people.reading import absences_between
from alerts.people.tables import technicians
from alerts.people.technician import Technician
from alerts.place import place_of
from alerts.tickets.tables import tickets
from alerts.visits.crew import Crew, Stop, crew_of
from alerts.visits.hours import Span, day_of, day_span
from alerts.visits.jobs import IDS_AT_ONCE
from alerts.visits.lifecycle import VISIT, VISIT_STANDING, VisitState
from alerts.visits.tables import visit_tickets, visits
from alerts.visits.visit import Visit, VisitedTicket
from ingest.clock import from_ms, to_ms

STANDING = [state.value for state in VISIT_STANDING]
ON_THE_WAY = [*STANDING, VisitState.DONE.value]
"""States in which a visit takes a technician's time."""


@dataclass(frozen=True, slots=True)
class VisitFilter:
    """Which visits are wanted; ``day`` is one of ``time_zone``."""

    day: date | None = None
    time_zone: str = "UTC"
    region: str | None = None
    technician_id: str | None = None
    ticket_id: str | None = None
    status: VisitState | None = None


def list_visits(t: Transaction, wanted: VisitFilter, *, cursor: str | None, limit: int) -> Page[Visit]:
    """One page of visits, the last made first."""
    rows, after = select_page(t.connection, _filtered(wanted), visits.c.n, cursor=cursor, limit=limit)
    return Page(tuple(_visits(t, rows)), after)


def read_visit(t: Transaction, visit_id: str) -> Visit:
    """One visit."""
    return _visits(t, [visit_row(t, visit_id)])[0]


def visit_row(t: Transaction, visit_id: str) -> Any:
    """The row of a visit."""
    row = t.connection.execute(select(visits).where(visits.c.id == visit_id)).one_or_none()
    if row is None:
        raise UnknownError(f"There is no visit {visit_id!r}.")
    return row


def standing_visit(t: Transaction, ticket_id: str) -> str | None:
    """The visit that is still to come for a ticket."""
    query = select(visit_tickets.c.visit_id).where(
        visit_tickets.c.ticket_id == ticket_id, visit_tickets.c.is_standing.is_(True)
    )
    return t.connection.execute(query).scalar_one_or_none()


def tickets_of(t: Transaction, visit_id: str) -> Sequence[str]:
    """The tickets that a visit is for."""
    query = select(visit_tickets.c.ticket_id).where(visit_tickets.c.visit_id == visit_id)
    return t.connection.execute(query.order_by(visit_tickets.c.ticket_id)).scalars().all()


def crews_on(
    t: Transaction, people: Iterable[Technician], days: Sequence[date], *, but: frozenset[str] = frozenset()
) -> Mapping[tuple[str, date], Crew]:
    """The ways of technicians on days, by technician and day; ``but`` are visits that are thought away."""
    known = {one.id: one for one in people}
    first, last = min(days), max(days)
    start_ms = day_span("UTC", first - timedelta(days=1))[0]
    end_ms = day_span("UTC", last + timedelta(days=1))[1]
    away: dict[str, list[Span]] = {}
    for absence in absences_between(t, start_ms, end_ms):
        away.setdefault(absence.technician_id, []).append((to_ms(absence.start), to_ms(absence.end)))
    crews = {(one.id, day): crew_of(one, day, away.get(one.id, ())) for one in known.values() for day in days}
    for row in _on_the_way(t, sorted(known), start_ms, end_ms):
        crew = crews.get((row.technician_id, day_of(row.starts_ms, known[row.technician_id].time_zone)))
        if crew is not None and row.id not in but:
            place = place_of(row.latitude, row.longitude)
            crew.stops.append(Stop(row.id, place, row.starts_ms, row.ends_ms, row.travel_min))
    return crews


def _on_the_way(t: Transaction, technician_ids: Sequence[str], start_ms: int, end_ms: int) -> Iterator[Any]:
    """What takes the time of some technicians, each one's in order."""
    times = (visits.c.starts_ms >= start_ms, visits.c.starts_ms < end_ms, visits.c.status.in_(ON_THE_WAY))
    columns = [visits.c[name] for name in ("id", "technician_id", "latitude", "longitude", "travel_min")]
    query = select(*columns, visits.c.starts_ms, visits.c.ends_ms).where(*times).order_by(visits.c.starts_ms)
    for at in range(0, len(technician_ids), IDS_AT_ONCE):
        of_some = visits.c.technician_id.in_(technician_ids[at : at + IDS_AT_ONCE])
        yield from t.connection.execute(query.where(of_some))


def _filtered(wanted: VisitFilter) -> Select[Any]:
    query = select(visits)
    if wanted.day is not None:
        start_ms, end_ms = day_span(wanted.time_zone, wanted.day)
        query = query.where(visits.c.starts_ms >= start_ms, visits.c.starts_ms < end_ms)
    if wanted.ticket_id is not None:
        of_ticket = select(visit_tickets.c.visit_id).where(visit_tickets.c.ticket_id == wanted.ticket_id)
        query = query.where(visits.c.id.in_(of_ticket))
    for column, value in ((visits.c.region, wanted.region), (visits.c.technician_id, wanted.technician_id)):
        if value is not None:
            query = query.where(column == value)
    return query if wanted.status is None else query.where(visits.c.status == wanted.status.value)


def _visits(t: Transaction, rows: Sequence[Any]) -> list[Visit]:
    ids = [row.id for row in rows]
    query = (
        select(visit_tickets.c.visit_id, tickets.c.id, tickets.c.number, tickets.c.title, tickets.c.appliance_id)
        .join(tickets, tickets.c.id == visit_tickets.c.ticket_id)
        .where(visit_tickets.c.visit_id.in_(ids))
        .order_by(tickets.c.number)
    )
    of_visit: dict[str, list[VisitedTicket]] = {}
    for row in t.connection.execute(query):
        found = VisitedTicket(row.id, row.number, row.title, row.appliance_id)
        of_visit.setdefault(row.visit_id, []).append(found)
    named = select(technicians.c.id, technicians.c.name).where(technicians.c.id.in_({r.technician_id for r in rows}))
    names = {row.id: row.name for row in t.connection.execute(named)}
    return [_visit(row, tuple(of_visit.get(row.id, ())), names.get(row.technician_id, "")) for row in rows]


def _visit(row: Any, of_visit: tuple[VisitedTicket, ...], technician: str) -> Visit:
    status = VisitState(row.status)
    return Visit(
        id=row.id,
        technician_id=row.technician_id,
        technician=technician,
        customer_id=row.customer_id,
        site_id=row.site_id,
        region=row.region,
        time_zone=row.time_zone,
        tickets=of_visit,
        status=status,
        start=from_ms(row.starts_ms),
        end=from_ms(row.ends_ms),
        promised_from=moment(row.promised_from_ms),
        promised_to=moment(row.promised_to_ms),
        travel_min=row.travel_min,
        is_locked=row.is_locked,
        override_reason=row.override_reason,
        record=row.record,
        departed_at=moment(row.departed_ms),
        arrived_at=moment(row.arrived_ms),
        ended_at=moment(row.ended_ms),
        created_by=row.created_by,
        version=row.version,
        legal_steps=tuple(step.value for step in VISIT[status]),
    )
