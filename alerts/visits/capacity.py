"""Capacity: the minutes that the weeks ahead will probably ask for, against the minutes that shifts give.

    asked = open tickets without a visit (repairs in the week in which their failure is foreseen to begin, all others and those
            without a date in the first one) + visits that are booked
          + Σ appliances × hazard of their fault modes a year × 7/365 × the visit's minutes × season of the month
    given = shifts without absences × the share of them that is spent at doors

Season is the month's share of a kind's tickets, from the desk's own last years; 1 until a whole year is known. Hazards are the
profiles'. A week whose asked minutes go beyond what is given is a peak, and is named with what makes it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, select

from alerts.appliances.tables import appliances
from alerts.database import Transaction
from alerts.errors import InvalidError
from alerts.people.reading import all_active
from alerts.tickets.reading import read_ticket
from alerts.tickets.tables import tickets
from alerts.visits.hours import day_of, day_span
from alerts.visits.jobs import waiting_jobs
from alerts.visits.reading import crews_on
from alerts.visits.tables import visits
from ingest.clock import from_ms, to_ms
from ingest.profiles.definition import Profile

WEEKS_MAX = 26
AT_DOORS = 0.7
"""Of a shift; the rest is the road, paper and pauses."""
JOBS_MAX = 5000
YEAR_MS, WEEK_MS = 365 * 86_400_000, 7 * 86_400_000
SEASON_LEAST = 60
"""Tickets of a kind in a year from which on its months say anything."""
Z = 1.645
"""Nineteen of twenty such weeks ask for less than the upper end."""


@dataclass(frozen=True, slots=True)
class CapacityWeek:
    """One week from its Monday on, in minutes at doors; ``likely_at_most`` is what nineteen of twenty such weeks stay below."""

    start: date
    booked: float
    waiting: float
    foreseen: float
    by_chance: float
    season: float
    asked: float
    likely_at_most: float
    given: float
    is_peak: bool
    most_by: str | None
    """The appliance kind that asks for most of what comes by chance."""


def capacity(t: Transaction, weeks: int, region: str | None, profiles: Mapping[str, Profile]) -> Sequence[CapacityWeek]:
    """The weeks ahead, this one first."""
    if not 1 <= weeks <= WEEKS_MAX:
        raise InvalidError(f"weeks: 1 to {WEEKS_MAX}, not {weeks}.")
    today = day_of(t.now_ms, "UTC")
    monday = today - timedelta(days=today.weekday())
    waiting, foreseen = _open_work(t, monday, weeks, region, profiles)
    rate, seasons = _rates(t, region, profiles), _seasons(t)
    return [
        _week(t, monday + timedelta(weeks=n), region, waiting[n], foreseen[n], rate, seasons, today=today)
        for n in range(weeks)
    ]


@dataclass(frozen=True, slots=True)
class _Rate:
    """Visits a week of one kind, and the minutes that they take."""

    visits: float
    minutes: float


def _week(
    t: Transaction,
    start: date,
    region: str | None,
    waiting: float,
    foreseen: float,
    rates: Mapping[str, _Rate],
    seasons: Mapping[tuple[str, int], float],
    *,
    today: date,
) -> CapacityWeek:
    month = (start + timedelta(days=3)).month
    left = 1.0 if start >= today else max(0.0, 7 - (today - start).days) / 7
    by_kind = {kind: left * one.visits * one.minutes * seasons.get((kind, month), 1.0) for kind, one in rates.items()}
    by_chance = sum(by_kind.values())
    usual = left * sum(one.visits * one.minutes for one in rates.values())
    spread = sum(minutes * rates[kind].minutes for kind, minutes in by_kind.items())
    booked = _booked(t, start, region)
    given = _given(t, [day for n in range(7) if (day := start + timedelta(days=n)) >= today], region)
    asked = booked + waiting + foreseen + by_chance
    most = asked + Z * math.sqrt(spread)
    return CapacityWeek(
        start=start,
        booked=round(booked),
        waiting=round(waiting),
        foreseen=round(foreseen),
        by_chance=round(by_chance),
        season=round(by_chance / usual, 3) if usual else 1.0,
        asked=round(asked),
        likely_at_most=round(most),
        given=round(given),
        is_peak=most > given,
        most_by=max(by_kind, key=lambda kind: by_kind[kind], default=None),
    )


def _open_work(
    t: Transaction, monday: date, weeks: int, region: str | None, profiles: Mapping[str, Profile]
) -> tuple[list[float], list[float]]:
    """Minutes of tickets without a visit: those that wait, and those whose failure is foreseen, by the week."""
    waiting, foreseen = [0.0] * weeks, [0.0] * weeks
    first_ms = day_span("UTC", monday)[0]
    for job in waiting_jobs(t, region, profiles, limit=JOBS_MAX):
        window = read_ticket(t, job.ticket_ids[0]).failure_window
        if window is None:
            waiting[0] += job.minutes
        else:
            week = (to_ms(window.start) - first_ms) // WEEK_MS
            if week < weeks:
                foreseen[max(0, week)] += job.minutes
    return waiting, foreseen


def _rates(t: Transaction, region: str | None, profiles: Mapping[str, Profile]) -> dict[str, _Rate]:
    """What chance asks for in a usual week, by kind."""
    query = select(appliances.c.kind, func.count()).where(~appliances.c.retired).group_by(appliances.c.kind)
    if region is not None:
        query = query.where(appliances.c.region == region)
    found = {}
    for kind, number in t.connection.execute(query):
        modes = [one for one in profiles[kind].fault_modes.values() if not one.symptom_of] if kind in profiles else []
        hazard = sum(one.hazard_per_year for one in modes)
        if hazard > 0:
            minutes = sum(one.hazard_per_year * one.visit.minutes for one in modes) / hazard
            found[kind] = _Rate(number * hazard * 7 / 365, minutes)
    return found


def _seasons(t: Transaction) -> dict[tuple[str, int], float]:
    """Kind and month → how much more it asks for than in the mean month; of kinds with a whole year behind them."""
    since = t.now_ms - 3 * YEAR_MS
    query = select(tickets.c.kind, tickets.c.opened_ms).where(tickets.c.opened_ms >= since)
    months: dict[str, Counter[int]] = {}
    first: dict[str, int] = {}
    for kind, opened_ms in t.connection.execute(query):
        months.setdefault(kind, Counter())[from_ms(opened_ms).month] += 1
        first[kind] = min(first.get(kind, opened_ms), opened_ms)
    return {
        (kind, month): 12 * counts[month] / counts.total()
        for kind, counts in months.items()
        if counts.total() >= SEASON_LEAST and first[kind] <= t.now_ms - YEAR_MS
        for month in range(1, 13)
    }


def _booked(t: Transaction, start: date, region: str | None) -> float:
    """Minutes at doors of the visits that are to come in a week."""
    from_ms_, to_ms_ = day_span("UTC", start)[0], day_span("UTC", start + timedelta(days=6))[1]
    query = select(func.sum(visits.c.ends_ms - visits.c.starts_ms)).where(
        visits.c.starts_ms >= max(from_ms_, t.now_ms), visits.c.starts_ms < to_ms_, visits.c.status.in_(TO_COME)
    )
    if region is not None:
        query = query.where(visits.c.region == region)
    return float(t.connection.execute(query).scalar_one() or 0) / 60_000


def _given(t: Transaction, days: Sequence[date], region: str | None) -> float:
    """Minutes of shifts without absences that can be spent at doors; who goes everywhere counts for every region."""
    people = [one for one in all_active(t) if region is None or not one.areas or region in one.areas]
    if not people or not days:
        return 0.0
    crews = crews_on(t, people, days).values()
    return AT_DOORS * sum(end - start for crew in crews for start, end in crew.spans) / 60_000


TO_COME = ("planned", "confirmed")
