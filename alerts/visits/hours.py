"""Hours of a week as spans of a day: when a technician works, when a home is open. In ms, across any change of clocks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from alerts.customers.access_hours import DAYS, Hours
from ingest.clock import to_ms

Span = tuple[int, int]
"""From, to: milliseconds since 1970, UTC."""
WHOLE_DAY = ("07:00", "21:00")
"""When a home without hours is gone to."""


def spans_on(hours: Hours, time_zone: str, day: date) -> list[Span]:
    """The spans of a day by the hours of its week day."""
    return [(_ms(day, start, time_zone), _ms(day, end, time_zone)) for start, end in hours.get(DAYS[day.weekday()], ())]


def open_on(hours: Hours, time_zone: str, day: date) -> list[Span]:
    """When a home can be entered on a day; without any hours written down between 7 and 21."""
    if not hours:
        return [(_ms(day, WHOLE_DAY[0], time_zone), _ms(day, WHOLE_DAY[1], time_zone))]
    return spans_on(hours, time_zone, day)


def day_span(time_zone: str, day: date) -> Span:
    """A whole day, which has 23 or 25 hours where clocks change."""
    return _ms(day, "00:00", time_zone), _ms(day, "24:00", time_zone)


def without(spans: Iterable[Span], cuts: Sequence[Span]) -> list[Span]:
    """What is left of spans where others are cut out of them."""
    left = list(spans)
    for start, end in cuts:
        pieces = ((a, b, max(a, start), min(b, end)) for a, b in left)
        left = [
            piece
            for a, b, cut_from, cut_to in pieces
            for piece in ([(a, b)] if cut_from >= cut_to else [(a, cut_from), (cut_to, b)])
            if piece[0] < piece[1]
        ]
    return left


def within(spans: Iterable[Span], limits: Sequence[Span]) -> list[Span]:
    """What two lists of spans have in common."""
    both = ((max(a, start), min(b, end)) for a, b in spans for start, end in limits)
    return sorted(span for span in both if span[0] < span[1])


def day_of(at_ms: int, time_zone: str) -> date:
    """Which day it is somewhere."""
    return datetime.fromtimestamp(at_ms / 1000, ZoneInfo(time_zone)).date()


@lru_cache(maxsize=20_000)
def _ms(day: date, clock: str, time_zone: str) -> int:
    hour, minute = int(clock[:2]), int(clock[3:5])
    if hour == 24:
        day, hour = day + timedelta(days=1), 0
    return to_ms(datetime.combine(day, time(hour, minute), ZoneInfo(time_zone)))
