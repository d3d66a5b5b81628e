"""What a way of working came to, with intervals, and what the desk's is worth beside the naive one, fault by fault."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, variance

from alerts.indicators.intervals import Z
from api.desk_trial.case import Case

HAPPY = 4
"""Satisfied is who gives so many of five stars."""


@dataclass(frozen=True, slots=True)
class Span:
    """A mean with its 95 % interval (normal), and of how many."""

    mean: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class Line:
    """One figure of each way, and the difference over the faults that both have."""

    name: str
    desk: Span | None
    naive: Span | None
    difference: Span | None


MEASURES: Mapping[str, Callable[[Case], float | None]] = {
    "first_time_fix": lambda one: None if one.is_first_time is None else float(one.is_first_time),
    "visits_per_fault": lambda one: float(one.visits + one.missed),
    "solved_without_visit": lambda one: float(one.visits == 0),
    "visits_in_vain": lambda one: None if one.is_real else float(one.visits > 0),
    "came_back": lambda one: float(one.came_back > 0) if one.is_real else None,
    "days_to_end": lambda one: one.days,
    "cost_per_fault": lambda one: one.cost,
    "satisfied": lambda one: float(one.stars >= HAPPY),
    "complaints": lambda one: float(one.complains),
}
"""Cases that were not over in time count nowhere; how many those are is a line of its own."""


def lines(desk: Sequence[Case], naive: Sequence[Case]) -> list[Line]:
    """All figures."""
    found = []
    for name, measure in MEASURES.items():
        one, other = _told(desk, measure), _told(naive, measure)
        both = [one[key] - other[key] for key in one.keys() & other.keys()]
        found.append(Line(name, span_of(list(one.values())), span_of(list(other.values())), span_of(both)))
    return found


def span_of(numbers: Sequence[float]) -> Span | None:
    """The mean of some numbers; None where fewer than two say nothing of chance.

    >>> span_of([1.0, 1.0, 0.0, 1.0])
    Span(mean=0.75, low=0.26, high=1.24, n=4)
    """
    if len(numbers) < 2:
        return None
    mean, half = fmean(numbers), Z * math.sqrt(variance(numbers) / len(numbers))
    return Span(round(mean, 3), round(mean - half, 3), round(mean + half, 3), len(numbers))


def _told(cases: Sequence[Case], measure: Callable[[Case], float | None]) -> dict[tuple[str, int], float]:
    told = {}
    for one in cases:
        value = measure(one) if one.over_ms is not None else None
        if value is not None:
            told[one.fault.appliance_id, one.fault.at_ms] = value
    return told
