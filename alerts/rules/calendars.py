"""Rules of calendars and clocks: when work is done where, and within how long what is to be answered and solved."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator

from alerts.calendars.business_hours import Calendar, Span, check_place
from alerts.rules.quantity import Rules, quantity

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_PART = re.compile(r"([a-z]{3})(?:-([a-z]{3}))?\s+(.+)")
_SPAN = re.compile(r"(\d{2}):(\d{2})\s*-\s*(\d{2}):(\d{2})")


def checked_zone(value: str) -> str:
    """The same name of a time zone; raises :class:`ValueError` where there is none of this name."""
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"{value!r} is no time zone such as Europe/Berlin") from error
    return value


class CalendarRules(Rules):
    """When work is done."""

    timezone: str = Field(description="where the hours are meant, as `Europe/Berlin`")
    week: str = Field(
        description="the hours: `mon-fri 08:00-12:00, 13:00-17:00; sat 22:00-06:00`; a gap is the lunch, an end before its"
        " beginning is in the next day"
    )
    holidays: str | None = Field(
        None, description="a country whose public holidays are closed, or its part: `DE-BE`, `CN`"
    )
    closed: tuple[date, ...] = Field((), description="days that are closed beside these")

    _zone = field_validator("timezone")(staticmethod(checked_zone))

    @field_validator("week")
    @classmethod
    def _check_week(cls, value: str) -> str:
        parse_week(value)
        return value

    @field_validator("holidays")
    @classmethod
    def _check_holidays(cls, value: str | None) -> str | None:
        if value is not None:
            check_place(value)
        return value

    @property
    def calendar(self) -> Calendar:
        """The calendar."""
        return calendar_of(self.timezone, self.week, self.holidays, frozenset(self.closed))


class Policy(Rules):
    """Within how long a ticket is to be answered and solved, and in which hours; what is left empty fits every ticket."""

    name: str = Field(min_length=1, max_length=60, description="what people call it")
    sources: tuple[str, ...] = Field((), description="how we came to know: `prediction`, `customer`, …")
    priorities: tuple[int, ...] = Field((), description="1 to 4")
    kinds: tuple[str, ...] = Field((), description="kinds of appliances")
    regions: tuple[str, ...] = Field((), description="regions of appliances")
    types: tuple[str, ...] = Field((), description="types of tickets: `repair`, `complaint`, …")
    contracts: tuple[str, ...] = Field((), description="contracts of the appliance, as the ticket says it")
    respond_hours: float = quantity(24, "hours", "within so many open hours somebody answers", least=0.01, most=8760)
    resolve_hours: float = quantity(72, "hours", "within so many open hours it is solved", least=0.01, most=8760)
    update_hours: float | None = quantity(
        None,
        "hours",
        "after the answer somebody says something so often; never where it is left out",
        least=0.01,
        most=8760,
    )
    calendar: str | None = Field(None, description="the name of a calendar; day and night where it is left out")


def default_policies() -> tuple[Policy, ...]:
    """What holds where no other policy fits: by priority, day and night."""
    hours = {1: (4, 24), 2: (8, 48), 3: (24, 72), 4: (48, 168)}
    return tuple(
        Policy(name=f"priority {priority}", priorities=(priority,), respond_hours=respond, resolve_hours=resolve)
        for priority, (respond, resolve) in hours.items()
    )


@lru_cache(maxsize=256)
def calendar_of(zone: str, week: str, holidays: str | None = None, closed: frozenset[date] = frozenset()) -> Calendar:
    """The calendar of a week as rules write it; the same one whenever it is asked for, with what it has found out so far."""
    return Calendar(zone, parse_week(week), holidays, closed)


def parse_week(text: str) -> tuple[tuple[Span, ...], ...]:
    """The spans of each day in minutes, Monday first; raises :class:`ValueError` with what can't be read.

    >>> parse_week("mon 08:00-12:00, 13:00-17:00; sun 22:00-06:00")[0::6]
    (((480, 720), (780, 1020)), ((1320, 1800),))
    """
    days: list[list[Span]] = [[] for _ in DAYS]
    for part in filter(None, (one.strip().lower() for one in text.split(";"))):
        match = _PART.fullmatch(part)
        if match is None or not {match[1], match[2] or match[1]} <= set(DAYS):
            raise ValueError(f"{part!r} does not begin with a day (mon) or days (mon-fri)")
        first, last = DAYS.index(match[1]), DAYS.index(match[2] or match[1])
        for day in range(first, last + 1 if last >= first else last + 8):
            days[day % 7].extend(_span(span.strip()) for span in match[3].split(","))
    if not any(days):
        raise ValueError("the week has no open hours at all")
    return tuple(tuple(sorted(spans)) for spans in days)


def _span(text: str) -> Span:
    match = _SPAN.fullmatch(text)
    numbers: list[Any] = [int(one) for one in match.groups()] if match else []
    if not numbers or numbers[1] > 59 or numbers[3] > 59:
        raise ValueError(f"{text!r} is no span of hours such as 08:00-17:00")
    start, end = numbers[0] * 60 + numbers[1], numbers[2] * 60 + numbers[3]
    if start >= 1440 or end > 1440 or start == end:
        raise ValueError(f"{text!r} is no span of hours; a whole day is 00:00-24:00")
    return (start, end) if end > start else (start, end + 1440)
