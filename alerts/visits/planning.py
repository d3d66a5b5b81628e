"""A plan for one day of a region: what waits and what is planned, put on ways with the least travel; looked at, then kept.

What was started, locked or promised stays as far as it must: a visit under way and a locked one keep technician and time,
a promised one its hours, one that was only planned may go anywhere on its day. A plan is first only shown, with what it
moves and what it saves; when it is kept, what changed meanwhile is left alone and named.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import select

from alerts.database import Transaction
from alerts.errors import ConflictError, InvalidError, UnknownError
from alerts.people.reading import all_active, read_technician
from alerts.people.technician import Technician
from alerts.tickets.steps import WhenOver
from alerts.visits.booking import Booking, book, move
from alerts.visits.crew import Crew, Stop
from alerts.visits.hours import day_span
from alerts.visits.job import Job
from alerts.visits.jobs import job_of, waiting_jobs
from alerts.visits.lifecycle import VISIT_MOVABLE, VisitState
from alerts.visits.proposing import LEAD_MS
from alerts.visits.reading import STANDING, crews_on, tickets_of, visit_row
from alerts.visits.solving import Problem, Ways, greedy, solve
from alerts.visits.tables import visits
from ingest.profiles.definition import Profile

JOBS_MAX = 600


@dataclass(frozen=True, slots=True)
class PlannedStop:
    """One visit of a plan; ``visit_id`` None where it is new. ``was_*`` is where it was where it moves."""

    visit_id: str | None
    ticket_ids: tuple[str, ...]
    technician_id: str
    technician: str
    start_ms: int
    end_ms: int
    travel_min: float
    was_technician_id: str | None = None
    was_start_ms: int | None = None

    @property
    def is_moved(self) -> bool:
        """Whether it goes elsewhere than it was planned."""
        is_other = (self.was_technician_id, self.was_start_ms) != (self.technician_id, self.start_ms)
        return self.visit_id is not None and is_other


@dataclass(frozen=True, slots=True)
class Plan:
    """A day of a region; travel in minutes, before it and with it. ``left`` are jobs that found no place."""

    region: str | None
    day: date
    solver: str
    stops: tuple[PlannedStop, ...]
    left: tuple[Job, ...]
    travel_before_min: float
    travel_min: float
    visits_before: int


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of a plan: how many visits are new, how many moved, and what was left alone, with why."""

    booked: int
    moved: int
    refused: tuple[str, ...]


def plan_day(t: Transaction, region: str | None, day: date, profiles: Mapping[str, Profile]) -> Plan:
    """The plan of a day of a region (None: of everywhere): what waits and what is planned together."""
    people = [one for one in all_active(t) if region is None or not one.areas or region in one.areas]
    rows = _visits_of(t, people, day)
    standing = [_standing_job(t, row, profiles, is_held=_must_stay(row)) for row in rows]
    waiting = waiting_jobs(t, region, profiles, limit=JOBS_MAX)
    return _planned(t, region, day, people, rows, (*standing, *waiting))


def replan(t: Transaction, technician_id: str, day: date, profiles: Mapping[str, Profile]) -> Plan:
    """Where the visits of somebody who drops out may go; nobody else's visit moves, and what they began is theirs."""
    gone = read_technician(t, technician_id)
    others = [one for one in all_active(t) if one.id != technician_id]
    rows = _visits_of(t, [*others, gone], day)
    dropped = [row for row in rows if row.technician_id == technician_id and VisitState(row.status) in VISIT_MOVABLE]
    jobs = [_standing_job(t, row, profiles, is_held=False) for row in dropped]
    before = crews_on(t, [*others, gone], [day])
    standing = [crew for crew in before.values() if crew.technician.id != technician_id]
    ways = greedy(Problem(jobs, standing, t.now_ms + LEAD_MS))
    return _shown(None, day, ways, dropped, jobs, list(before.values()), visits_before=len(rows))


def keep(t: Transaction, plan: Plan, profiles: Mapping[str, Profile], when_over: WhenOver) -> Kept:
    """Book and move as a plan says; what is not possible any more is left alone and named."""
    to_do = [stop for stop in plan.stops if stop.visit_id is None or stop.is_moved]
    apart = {stop.visit_id for stop in to_do if stop.visit_id is not None}
    booked = moved = 0
    refused: list[str] = []
    for stop in sorted(to_do, key=lambda stop: stop.visit_id is None):
        booking = Booking(stop.technician_id, stop.start_ms, apart=frozenset(apart))
        try:
            with t.connection.begin_nested():
                _keep(t, stop, booking, profiles, when_over)
        except (ConflictError, InvalidError, UnknownError) as error:
            refused.append(str(error))
            continue
        finally:
            apart.discard(stop.visit_id)
        booked += stop.visit_id is None
        moved += stop.visit_id is not None
    return Kept(booked, moved, tuple(refused))


def _keep(
    t: Transaction, stop: PlannedStop, booking: Booking, profiles: Mapping[str, Profile], when_over: WhenOver
) -> None:
    job = job_of(t, stop.ticket_ids, profiles)
    if stop.visit_id is None:
        book(t, job, booking, when_over)
        return
    row = visit_row(t, stop.visit_id)
    if (row.technician_id, row.starts_ms) != (stop.was_technician_id, stop.was_start_ms):
        raise ConflictError("A visit was moved by somebody else meanwhile.")
    move(t, stop.visit_id, job, booking, when_over, expected_version=None)


def _planned(
    t: Transaction,
    region: str | None,
    day: date,
    people: Sequence[Technician],
    rows: Sequence[Any],
    jobs: Sequence[Job],
) -> Plan:
    before = crews_on(t, people, [day])
    empty = [Crew(crew.technician, day, crew.spans) for crew in before.values()]
    ways = solve(Problem(jobs, empty, t.now_ms + LEAD_MS))
    return _shown(region, day, ways, rows, jobs, list(before.values()), visits_before=len(rows))


def _shown(
    region: str | None,
    day: date,
    ways: Ways,
    rows: Sequence[Any],
    jobs: Sequence[Job],
    before: Sequence[Crew],
    *,
    visits_before: int,
) -> Plan:
    """What the ways come to beside what was; stops that were not asked about are left out."""
    was = {row.id: row for row in rows}
    of_key = {job.key: job for job in jobs}
    return Plan(
        region=region,
        day=day,
        solver=ways.solver,
        stops=tuple(
            _stop(stop, crew, of_key[stop.key], was.get(stop.key))
            for crew in ways.crews
            for stop in crew.stops
            if stop.key in of_key
        ),
        left=tuple(ways.left),
        travel_before_min=sum(crew.way_min() for crew in before),
        travel_min=ways.travel_min,
        visits_before=visits_before,
    )


def _stop(stop: Stop, crew: Crew, job: Job, was: Any) -> PlannedStop:
    return PlannedStop(
        visit_id=job.visit_id,
        ticket_ids=job.ticket_ids,
        technician_id=crew.technician.id,
        technician=crew.technician.name,
        start_ms=stop.start_ms,
        end_ms=stop.end_ms,
        travel_min=stop.travel_min,
        was_technician_id=None if was is None else was.technician_id,
        was_start_ms=None if was is None else was.starts_ms,
    )


def _visits_of(t: Transaction, people: Sequence[Technician], day: date) -> Sequence[Any]:
    spans = [day_span(zone, day) for zone in {one.time_zone for one in people} or {"UTC"}]
    ids = {one.id for one in people}
    query = select(visits).where(
        visits.c.starts_ms >= min(start for start, _ in spans),
        visits.c.starts_ms < max(end for _, end in spans),
        visits.c.status.in_(STANDING),
    )
    return [row for row in t.connection.execute(query.order_by(visits.c.n)) if row.technician_id in ids]


def _must_stay(row: Any) -> bool:
    return row.is_locked or VisitState(row.status) not in VISIT_MOVABLE


def _standing_job(t: Transaction, row: Any, profiles: Mapping[str, Profile], *, is_held: bool) -> Job:
    job = replace(job_of(t, tickets_of(t, row.id), profiles), key=row.id, visit_id=row.id)
    if is_held:
        return replace(job, technician_id=row.technician_id, starts_ms=row.starts_ms)
    if row.promised_from_ms is not None:
        return replace(job, spans=((row.promised_from_ms, row.promised_to_ms),))
    return job
