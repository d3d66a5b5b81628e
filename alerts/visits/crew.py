"""Crew: one technician on one day, with the way they drive; what fits into it where, and why somebody can't be sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from itertools import pairwise

from alerts.people.technician import Technician
from alerts.place import Place
from alerts.travel import travel_min
from alerts.visits.hours import Span, open_on, spans_on, within, without
from alerts.visits.job import Job, Needs

MINUTE_MS = 60_000
GENERALIST_LEVEL = 1
"""What somebody is trusted with of whom no skill is written down."""


class Hindrance(StrEnum):
    """Why somebody can't be sent."""

    INACTIVE = "inactive"
    AREA = "area"
    SKILL = "skill"
    LICENCE = "licence"
    EXCLUDED = "excluded"
    TIME = "time"
    HOME = "home"


NEVER = frozenset({Hindrance.INACTIVE, Hindrance.LICENCE})
"""What no reason overrides: the law, and who does not work here any more."""


@dataclass(frozen=True, slots=True)
class Stop:
    """One visit on the way of a day."""

    key: str
    place: Place | None
    start_ms: int
    end_ms: int
    travel_min: float = 0.0
    """From the stop before, or from home."""


@dataclass(slots=True)
class Crew:
    """One technician on one day; ``spans`` are the hours left of the shift, ``stops`` the way, in order."""

    technician: Technician
    day: date
    spans: list[Span]
    stops: list[Stop] = field(default_factory=list)

    def way_min(self) -> float:
        """All travel of the day, from home to home, in minutes."""
        if not self.stops:
            return 0.0
        places = [self.technician.home, *(stop.place for stop in self.stops), self.technician.home]
        return sum(travel_min(a, b) for a, b in pairwise(places))


@dataclass(frozen=True, slots=True)
class Fit:
    """Where a job goes on the way of a day, and what it costs: minutes of travel more than without it."""

    start_ms: int
    end_ms: int
    travel_min: float
    added_min: float


def crew_of(technician: Technician, day: date, absences: Sequence[Span]) -> Crew:
    """A technician's day without any stop; the hours of the shift without absences."""
    return Crew(technician, day, without(spans_on(technician.shifts, technician.time_zone, day), absences))


def level_of(technician: Technician, needs: Needs) -> int:
    """How well somebody knows what is needed; 0 where not at all."""
    if not technician.skills:
        return GENERALIST_LEVEL
    return max(technician.skills.get(needs.kind, 0), technician.skills.get(needs.component or "", 0))


def hindrances(technician: Technician, job: Job, day: date) -> list[Hindrance]:
    """Why somebody can't be sent to a job on a day, their time aside; nothing where they can."""
    found = []
    if not technician.is_active:
        found.append(Hindrance.INACTIVE)
    if technician.areas and job.home.region is not None and job.home.region not in technician.areas:
        found.append(Hindrance.AREA)
    if any(level_of(technician, needs) < needs.level for needs in job.needs):
        found.append(Hindrance.SKILL)
    if not is_licensed(technician, job, day):
        found.append(Hindrance.LICENCE)
    if technician.id in job.excluded:
        found.append(Hindrance.EXCLUDED)
    return found


def is_licensed(technician: Technician, job: Job, day: date) -> bool:
    """Whether somebody holds on a day what a job takes: the one hindrance that comes with time."""
    return all(technician.may(licence, day) for licence in job.licences)


def windows(job: Job, day: date) -> list[Span]:
    """When a job may be done on a day: the home's hours, within what was promised."""
    at_home = open_on(job.home.hours, job.home.time_zone, day)
    return within(at_home, job.spans) if job.spans else at_home


def best_fit(crew: Crew, job: Job, *, not_before_ms: int, limits: Sequence[Span]) -> Fit | None:
    """Where a job costs the least more travel on a day; None where it fits nowhere.

    A day begins and ends at home; work lies within one span of the shift, and the way home within its last.
    """
    if not crew.spans or len(crew.stops) >= crew.technician.visits_per_day:
        return None
    best: Fit | None = None
    spans = within(crew.spans, limits)
    for at in range(len(crew.stops) + 1):
        fit = _fit_at(crew, job, at, spans, not_before_ms)
        if fit is not None and (best is None or (fit.added_min, fit.start_ms) < (best.added_min, best.start_ms)):
            best = fit
    return best


def fits(crew: Crew, job: Job, start_ms: int, limits: Sequence[Span]) -> Fit | None:
    """What a job costs at exactly this time; None where it does not fit."""
    end_ms = start_ms + job.minutes * MINUTE_MS
    found = best_fit(crew, job, not_before_ms=start_ms, limits=within(limits, [(start_ms, end_ms)]))
    return found if found is not None and found.start_ms == start_ms else None


def insert(crew: Crew, job: Job, fit: Fit) -> None:
    """Put a job on the way of a day."""
    crew.stops.append(Stop(job.key, job.home.place, fit.start_ms, fit.end_ms, fit.travel_min))
    crew.stops.sort(key=lambda stop: stop.start_ms)


def _fit_at(crew: Crew, job: Job, at: int, spans: Sequence[Span], not_before_ms: int) -> Fit | None:
    """A job between stop ``at - 1`` and stop ``at``."""
    home = crew.technician.home
    before = crew.stops[at - 1] if at else None
    after = crew.stops[at] if at < len(crew.stops) else None
    from_place = before.place if before else home
    to_place = after.place if after else home
    there = travel_min(from_place, job.home.place)
    on = travel_min(job.home.place, to_place)
    earliest = (before.end_ms if before else crew.spans[0][0]) + int(there * MINUTE_MS)
    latest = (after.start_ms if after else crew.spans[-1][1]) - int(on * MINUTE_MS)
    start = _start(spans, max(earliest, not_before_ms), latest, job.minutes * MINUTE_MS)
    if start is None:
        return None
    saved = travel_min(from_place, to_place) if crew.stops else 0.0
    return Fit(start, start + job.minutes * MINUTE_MS, there, there + on - saved)


def _start(spans: Sequence[Span], earliest: int, latest: int, length: int) -> int | None:
    """The first minute at which something of a length fits."""
    earliest = -(-earliest // MINUTE_MS) * MINUTE_MS
    for start, end in spans:
        begin = max(start, earliest)
        if begin + length <= min(end, latest):
            return begin
    return None
