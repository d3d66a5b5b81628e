"""Weighing: what it would cost to send somebody to a job, and what speaks against it; asked before anything is changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from alerts.database import Transaction
from alerts.errors import InvalidError
from alerts.page import moment
from alerts.people.reading import read_technician
from alerts.people.technician import Technician
from alerts.visits.crew import MINUTE_MS, NEVER, Crew, Fit, Hindrance, best_fit, fits, hindrances, windows
from alerts.visits.hours import day_of
from alerts.visits.job import Job
from alerts.visits.reading import crews_on, visit_row


@dataclass(frozen=True, slots=True)
class Judged:
    """Somebody at a job at a time: how it fits on their way (None where it does not), and all that speaks against it."""

    technician: Technician
    fit: Fit | None
    against: Sequence[Hindrance]

    @property
    def is_never(self) -> bool:
        """Whether no reason overrides what speaks against it."""
        return not NEVER.isdisjoint(self.against)


@dataclass(frozen=True, slots=True)
class Weighed:
    """What a change would come to. ``start`` is None where nothing of that length is free on the day.

    ``added_travel_min`` counts both ways: the one that gets longer and the one that the visit leaves; None where it does
    not fit, so that nobody knows.
    """

    technician_id: str
    technician: str
    start: datetime | None
    end: datetime | None
    travel_min: int | None
    added_travel_min: int | None
    visits_that_day: int
    against: Sequence[Hindrance]
    is_never: bool
    is_promise_kept: bool | None
    """None where nothing was promised."""
    is_before_due: bool | None


def judge(t: Transaction, job: Job, technician_id: str, starts_ms: int, *, but: frozenset[str] = frozenset()) -> Judged:
    """Whether somebody can be sent to a job at exactly a time; ``but`` are visits that are thought away."""
    technician = read_technician(t, technician_id)
    crew = _crew(t, technician, day_of(starts_ms, technician.time_zone), but)
    return _judged(crew, job, starts_ms)


def weigh(t: Transaction, job: Job, technician_id: str, *, day: date | None, starts_ms: int | None) -> Weighed:
    """What it would cost to send somebody on a day where it adds the least travel, or at exactly a time."""
    technician = read_technician(t, technician_id)
    if starts_ms is not None:
        day = day_of(starts_ms, technician.time_zone)
    if day is None:
        raise InvalidError("day or start is needed.")
    crew = _crew(t, technician, day, frozenset({job.visit_id or ""}))
    if starts_ms is None:
        found = best_fit(crew, job, not_before_ms=t.now_ms, limits=windows(job, day))
        starts_ms = None if found is None else found.start_ms
    if starts_ms is None:
        return _shown(t, job, crew, Judged(technician, None, (*hindrances(technician, job, day), Hindrance.TIME)), None)
    return _shown(t, job, crew, _judged(crew, job, starts_ms), starts_ms)


def _crew(t: Transaction, technician: Technician, day: date, but: frozenset[str]) -> Crew:
    return crews_on(t, [technician], [day], but=but)[technician.id, day]


def _judged(crew: Crew, job: Job, starts_ms: int) -> Judged:
    against = hindrances(crew.technician, job, crew.day)
    at_home = windows(job, day_of(starts_ms, job.home.time_zone))
    fit = fits(crew, job, starts_ms, at_home)
    if fit is None:
        end_ms = starts_ms + job.minutes * MINUTE_MS
        is_open = any(start <= starts_ms and end_ms <= end for start, end in at_home)
        against.append(Hindrance.TIME if is_open else Hindrance.HOME)
    return Judged(crew.technician, fit, tuple(against))


def _shown(t: Transaction, job: Job, crew: Crew, judged: Judged, starts_ms: int | None) -> Weighed:
    end_ms = None if starts_ms is None else starts_ms + job.minutes * MINUTE_MS
    fit = judged.fit
    return Weighed(
        technician_id=judged.technician.id,
        technician=judged.technician.name,
        start=moment(starts_ms),
        end=moment(end_ms),
        travel_min=None if fit is None else round(fit.travel_min),
        added_travel_min=None if fit is None else round(fit.added_min - _saved_min(t, job)),
        visits_that_day=len(crew.stops),
        against=judged.against,
        is_never=judged.is_never,
        is_promise_kept=_is_promise_kept(t, job, starts_ms),
        is_before_due=None if job.due_ms is None or end_ms is None else end_ms <= job.due_ms,
    )


def _saved_min(t: Transaction, job: Job) -> float:
    """What is driven less on the way that a visit leaves."""
    if job.visit_id is None:
        return 0.0
    row = visit_row(t, job.visit_id)
    left = read_technician(t, row.technician_id)
    day = day_of(row.starts_ms, left.time_zone)
    return _crew(t, left, day, frozenset()).way_min() - _crew(t, left, day, frozenset({job.visit_id})).way_min()


def _is_promise_kept(t: Transaction, job: Job, starts_ms: int | None) -> bool | None:
    """Whether it begins when the customer was told."""
    row = None if job.visit_id is None else visit_row(t, job.visit_id)
    if row is None or row.promised_from_ms is None or starts_ms is None:
        return None
    return bool(row.promised_from_ms <= starts_ms < row.promised_to_ms)
