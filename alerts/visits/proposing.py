"""Proposals: who could go to a job when, with what speaks for it; and the times that a customer can choose.

What a proposal costs, in minutes, so that everything can be weighed against everything:

    travel that it adds · 24 a day of waiting · 240 if after the date it was to be solved by · 480 if the appliance is
    expected to have failed by then · 4 for each visit that the day has already · 10 for each level of skill too many ·
    −30 where the customer wants this person
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise

from alerts.customers.access_hours import DAYS
from alerts.database import Transaction
from alerts.people.reading import all_active
from alerts.people.technician import Technician
from alerts.travel import travel_min
from alerts.visits.crew import Crew, Fit, Hindrance, best_fit, hindrances, is_licensed, level_of, windows
from alerts.visits.hours import Span, day_of, spans_on, within
from alerts.visits.job import Job
from alerts.visits.reading import crews_on
from alerts.visits.visit import Proposal, Proposals, Slot
from ingest.clock import from_ms

DAYS_AHEAD = 7
LEAD_MS = 60 * 60_000
"""Nobody is sent within the hour."""
PER_DAY_OF_WAITING = 24.0
AFTER_DUE = 240.0
AFTER_FAILURE = 480.0
PER_VISIT = 4.0
PER_LEVEL = 10.0
PREFERRED = 30.0
LOOKED_AT_MAX = 80
"""Of those who may go, only the nearest are looked at more closely."""
DAY_MS = 24 * 3_600_000
SLOT_MARKS = ("08:00", "12:00", "16:00", "20:00")
SLOTS_MAX = 9


def propose(t: Transaction, job: Job, *, fails_from_ms: int | None = None, limit: int = 5) -> Proposals:
    """The best ways to send somebody to a job within a week, one per technician and day."""
    near, left_out = _who_may(t, job)
    days = _days(t, job)
    crews = crews_on(t, near, days)
    found: list[Proposal] = []
    without: dict[str, Technician] = {one.id: one for one in near}
    """Who has had no time so far."""
    for day in days:
        limits = windows(job, day)
        is_too_late = len(found) >= limit and found[limit - 1].score < _least(t, job, limits)
        for technician in list(without.values()) if is_too_late else near:
            proposal = _proposal(t, crews[technician.id, day], job, limits, fails_from_ms)
            if proposal is not None:
                without.pop(technician.id, None)
                found.append(proposal)
        found.sort(key=lambda one: (one.score, one.start, one.technician_id))
    if without:
        left_out[Hindrance.TIME] = left_out.get(Hindrance.TIME, 0) + len(without)
    return Proposals(job.minutes, found[:limit], left_out)


def _least(t: Transaction, job: Job, limits: Sequence[Span]) -> float:
    """What a proposal within some spans costs at the least: the waiting. A way to an unknown place may seem to save travel."""
    if job.home.place is None:
        return -math.inf
    waiting_ms = min((start for start, _ in limits), default=t.now_ms) - t.now_ms
    return PER_DAY_OF_WAITING * waiting_ms / DAY_MS - PREFERRED - 1.0


def slots(t: Transaction, job: Job) -> Sequence[Slot]:
    """Times of four hours that a customer can choose, each with somebody who can come then; at most nine."""
    near, _ = _who_may(t, job)
    days = _days(t, job)
    crews = crews_on(t, near, days, but=frozenset({job.visit_id or ""}))
    found: list[Slot] = []
    for day in days:
        for span in parts_of(day, job):
            if best_in(crews, near, job, day, [span], now_ms=t.now_ms) is not None:
                found.append(Slot(from_ms(span[0]), from_ms(span[1])))
            if len(found) == SLOTS_MAX:
                return found
    return found


def best_for_slot(t: Transaction, job: Job, slot: Span) -> tuple[Technician, Fit] | None:
    """Who comes with the least travel within a time, and when; None where nobody can."""
    near, _ = _who_may(t, job)
    day = day_of(slot[0], job.home.time_zone)
    crews = crews_on(t, near, [day], but=frozenset({job.visit_id or ""}))
    return best_in(crews, near, job, day, [slot], now_ms=t.now_ms)


def best_in(
    crews: Mapping[tuple[str, date], Crew],
    people: Sequence[Technician],
    job: Job,
    day: date,
    spans: Sequence[Span],
    *,
    now_ms: int,
) -> tuple[Technician, Fit] | None:
    """Who of some can do a job within spans of a day with the least travel more."""
    limits = within(windows(job, day), spans)
    best: tuple[Technician, Fit] | None = None
    for technician in people:
        crew = crews[technician.id, day]
        if not is_licensed(technician, job, day):
            continue
        fit = best_fit(crew, job, not_before_ms=now_ms + LEAD_MS, limits=limits)
        if fit is not None and (best is None or _cost(fit, technician, job) < _cost(best[1], best[0], job)):
            best = technician, fit
    return best


def _cost(fit: Fit, technician: Technician, job: Job) -> float:
    return fit.added_min - (PREFERRED if technician.id in job.preferred else 0.0)


def _who_may(t: Transaction, job: Job) -> tuple[list[Technician], dict[Hindrance, int]]:
    """Who may go at all, the nearest first, and how many may not, by the first reason."""
    today = day_of(t.now_ms, job.home.time_zone)
    left_out: dict[Hindrance, int] = {}
    may: list[Technician] = []
    for technician in all_active(t):
        against = hindrances(technician, job, today)
        if against:
            left_out[against[0]] = left_out.get(against[0], 0) + 1
        else:
            may.append(technician)
    may.sort(key=lambda one: (one.id not in job.preferred, travel_min(one.home, job.home.place), one.id))
    return may[:LOOKED_AT_MAX], left_out


def _days(t: Transaction, job: Job) -> list[date]:
    today = day_of(t.now_ms, job.home.time_zone)
    return [today + timedelta(days=ahead) for ahead in range(DAYS_AHEAD)]


def parts_of(day: date, job: Job) -> list[Span]:
    """Morning, afternoon and evening of a day, in the home's own time."""
    return spans_on({DAYS[day.weekday()]: list(pairwise(SLOT_MARKS))}, job.home.time_zone, day)


def _proposal(
    t: Transaction, crew: Crew, job: Job, limits: Sequence[Span], fails_from_ms: int | None
) -> Proposal | None:
    technician = crew.technician
    if not is_licensed(technician, job, crew.day):
        return None
    fit = best_fit(crew, job, not_before_ms=t.now_ms + LEAD_MS, limits=limits)
    if fit is None:
        return None
    level = min(level_of(technician, needs) for needs in job.needs)
    is_before_due = job.due_ms is None or fit.end_ms <= job.due_ms
    is_before_failure = None if fails_from_ms is None else fit.end_ms <= fails_from_ms
    is_preferred = technician.id in job.preferred
    score = (
        fit.added_min
        + PER_DAY_OF_WAITING * (fit.start_ms - t.now_ms) / DAY_MS
        + (0.0 if is_before_due else AFTER_DUE)
        + (AFTER_FAILURE if is_before_failure is False else 0.0)
        + PER_VISIT * len(crew.stops)
        + PER_LEVEL * max(0, level - max(needs.level for needs in job.needs))
        - (PREFERRED if is_preferred else 0.0)
    )
    return Proposal(
        technician_id=technician.id,
        technician=technician.name,
        start=from_ms(fit.start_ms),
        end=from_ms(fit.end_ms),
        score=round(score, 1),
        travel_min=round(fit.travel_min),
        added_travel_min=round(fit.added_min),
        visits_that_day=len(crew.stops),
        level=level,
        is_preferred=is_preferred,
        is_before_due=is_before_due,
        is_before_failure=is_before_failure,
    )
