"""The board: technicians and their days, the visits on them, and what waits for one; one answer for the whole picture."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from alerts.database import Transaction
from alerts.page import moment
from alerts.people.reading import absences_between, all_active
from alerts.people.technician import Absence, AbsenceReason, Technician
from alerts.tickets.tables import tickets
from alerts.visits.crew import Crew
from alerts.visits.hours import Span, day_of, day_span, spans_on, within
from alerts.visits.job import Job
from alerts.visits.jobs import IDS_AT_ONCE, waiting_jobs
from alerts.visits.lifecycle import VISIT_STANDING, VisitState
from alerts.visits.reading import ON_THE_WAY, crews_on
from alerts.visits.tables import visit_tickets, visits
from ingest.clock import from_ms, to_ms
from ingest.profiles.definition import Profile

DAYS_MAX = 14
TECHNICIANS_SHOWN_MAX = 200
WAITING_SHOWN_MAX = 200


@dataclass(frozen=True, slots=True)
class BoardDay:
    """A technician's day: when they work, in minutes since midnight where they are, and why they are away."""

    day: date
    spans: Sequence[tuple[int, int]]
    absence: AbsenceReason | None


@dataclass(frozen=True, slots=True)
class BoardRow:
    """A technician with their days."""

    technician_id: str
    technician: str
    time_zone: str
    areas: Sequence[str]
    days: Sequence[BoardDay]


@dataclass(frozen=True, slots=True)
class BoardVisit:
    """A visit on the board; ``from_min`` and ``to_min`` are minutes since midnight where the technician is."""

    id: str
    technician_id: str
    day: date
    from_min: int
    to_min: int
    start: datetime
    status: VisitState
    is_locked: bool
    is_promised: bool
    is_amiss: bool
    """Nobody is there then, or another visit is: somebody fell ill, or a reason was given."""
    travel_min: int
    numbers: Sequence[int]
    version: int


@dataclass(frozen=True, slots=True)
class WaitingTicket:
    """A ticket that waits for a visit."""

    number: int
    title: str
    kind: str
    fault_mode: str | None
    appliance_id: str


@dataclass(frozen=True, slots=True)
class WaitingJob:
    """What waits at one home: its tickets, how long they take together, and until when."""

    tickets: Sequence[WaitingTicket]
    region: str | None
    minutes: int
    priority: int
    due: datetime | None
    licences: Sequence[str]


@dataclass(frozen=True, slots=True)
class Board:
    """Days of a region; ``regions`` are all that somebody goes to, ``left_off`` technicians were too many to show."""

    days: Sequence[date]
    rows: Sequence[BoardRow]
    visits: Sequence[BoardVisit]
    waiting: Sequence[WaitingJob]
    regions: Sequence[str]
    left_off: int


def read_board(t: Transaction, start: date, days: int, region: str | None, profiles: Mapping[str, Profile]) -> Board:
    """The days from ``start`` on, of everybody who goes to a region (None: of everybody), by name."""
    wanted = [start + timedelta(days=ahead) for ahead in range(days)]
    everybody = sorted(all_active(t), key=lambda one: (one.name, one.id))
    regions = sorted({area for one in everybody for area in one.areas})
    fitting = [one for one in everybody if region is None or not one.areas or region in one.areas]
    people = fitting[:TECHNICIANS_SHOWN_MAX]
    crews = crews_on(t, people, wanted) if people else {}
    first_ms = day_span("UTC", wanted[0] - timedelta(days=1))[0]
    last_ms = day_span("UTC", wanted[-1] + timedelta(days=1))[1]
    away: dict[str, list[Absence]] = {}
    for absence in absences_between(t, first_ms, last_ms):
        away.setdefault(absence.technician_id, []).append(absence)
    rows = [_row(one, wanted, crews, away.get(one.id, ())) for one in people]
    waiting = waiting_jobs(t, region, profiles, limit=WAITING_SHOWN_MAX)
    found = _visits_on(t, {one.id: one for one in people}, crews, (first_ms, last_ms))
    return Board(wanted, rows, found, _waiting(t, waiting), regions, len(fitting) - len(people))


def _row(
    one: Technician, days: Sequence[date], crews: Mapping[tuple[str, date], Crew], away: Iterable[Absence]
) -> BoardRow:
    return BoardRow(one.id, one.name, one.time_zone, one.areas, [_day(one, crews[one.id, day], away) for day in days])


def _day(one: Technician, crew: Crew, away: Iterable[Absence]) -> BoardDay:
    shift = spans_on(one.shifts, one.time_zone, crew.day)
    reasons = [a.reason for a in away if within(shift, [(to_ms(a.start), to_ms(a.end))])]
    spans = [_minutes(span, one.time_zone) for span in crew.spans]
    return BoardDay(crew.day, spans, reasons[0] if reasons else None)


def _minutes(span: Span, time_zone: str) -> tuple[int, int]:
    """A span as minutes on the clock of a place; one that ends at midnight ends at 1440."""
    zone = ZoneInfo(time_zone)
    start, end = (datetime.fromtimestamp(ms / 1000, zone) for ms in span)
    to_min = 60 * end.hour + end.minute
    return 60 * start.hour + start.minute, to_min if end.date() == start.date() else 1440


def _visits_on(
    t: Transaction, people: Mapping[str, Technician], crews: Mapping[tuple[str, date], Crew], span: Span
) -> list[BoardVisit]:
    rows = [row for some in _at_once(sorted(people)) for row in t.connection.execute(_visits_of(some, span))]
    numbers = _numbers(t, [row.id for row in rows])
    found = []
    for row in rows:
        zone = people[row.technician_id].time_zone
        day = day_of(row.starts_ms, zone)
        crew = crews.get((row.technician_id, day))
        if crew is not None:
            found.append(_visit(row, day, crew, zone, numbers.get(row.id, ())))
    return found


def _visits_of(technician_ids: Sequence[str], span: Span) -> Any:
    return (
        select(visits)
        .where(visits.c.technician_id.in_(technician_ids), visits.c.status.in_(ON_THE_WAY))
        .where(visits.c.starts_ms >= span[0], visits.c.starts_ms < span[1])
        .order_by(visits.c.starts_ms)
    )


def _visit(row: Any, day: date, crew: Crew, zone: str, numbers: Sequence[int]) -> BoardVisit:
    from_min, to_min = _minutes((row.starts_ms, row.ends_ms), zone)
    status = VisitState(row.status)
    return BoardVisit(
        id=row.id,
        technician_id=row.technician_id,
        day=day,
        from_min=from_min,
        to_min=to_min,
        start=from_ms(row.starts_ms),
        status=status,
        is_locked=row.is_locked,
        is_promised=row.promised_from_ms is not None,
        is_amiss=status in VISIT_STANDING and _is_amiss(row, crew),
        travel_min=row.travel_min,
        numbers=numbers,
        version=row.version,
    )


def _is_amiss(row: Any, crew: Crew) -> bool:
    is_there = any(start <= row.starts_ms and row.ends_ms <= end for start, end in crew.spans)
    others = (stop for stop in crew.stops if stop.key != row.id)
    return not is_there or any(stop.start_ms < row.ends_ms and row.starts_ms < stop.end_ms for stop in others)


def _numbers(t: Transaction, visit_ids: Sequence[str]) -> Mapping[str, list[int]]:
    found: dict[str, list[int]] = {}
    query = select(visit_tickets.c.visit_id, tickets.c.number).join(tickets, tickets.c.id == visit_tickets.c.ticket_id)
    for some in _at_once(visit_ids):
        for row in t.connection.execute(query.where(visit_tickets.c.visit_id.in_(some)).order_by(tickets.c.number)):
            found.setdefault(row.visit_id, []).append(row.number)
    return found


def _waiting(t: Transaction, jobs: Sequence[Job]) -> list[WaitingJob]:
    columns = [tickets.c[name] for name in ("id", "number", "title", "kind", "fault_mode", "appliance_id")]
    of_id: dict[str, WaitingTicket] = {}
    for some in _at_once([one for job in jobs for one in job.ticket_ids]):
        for row in t.connection.execute(select(*columns).where(tickets.c.id.in_(some))):
            of_id[row.id] = WaitingTicket(row.number, row.title, row.kind, row.fault_mode, row.appliance_id)
    return [
        WaitingJob(
            tickets=[of_id[one] for one in job.ticket_ids],
            region=job.home.region,
            minutes=job.minutes,
            priority=job.priority,
            due=moment(job.due_ms),
            licences=sorted(job.licences),
        )
        for job in jobs
    ]


def _at_once(ids: Sequence[str]) -> Iterable[Sequence[str]]:
    return (ids[at : at + IDS_AT_ONCE] for at in range(0, len(ids), IDS_AT_ONCE))
