"""The days ahead in a calendar, as people read them: which hours are open on each, and why a day is closed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from alerts.calendars.business_hours import Calendar, holiday_name


@dataclass(frozen=True, slots=True)
class DayAhead:
    """One local day. ``hours`` are local times such as 08:00 and 12:00; an end behind 24:00 is in the next day."""

    day: date
    hours: tuple[tuple[str, str], ...]
    holiday: str | None = None
    """The name of a public holiday, or an empty text for a day that the rules close."""


def days_ahead(calendar: Calendar, now_ms: int, *, count: int) -> Iterator[DayAhead]:
    """From today on, where the calendar's hours are meant."""
    today = datetime.fromtimestamp(now_ms / 1000, UTC).astimezone(ZoneInfo(calendar.zone or "UTC")).date()
    for day in (today + timedelta(days=number) for number in range(count)):
        why = holiday_name(calendar, day)
        spans = () if why is not None or not calendar.week else calendar.week[day.weekday()]
        yield DayAhead(day, tuple((_clock(since), _clock(to)) for since, to in spans), why)


def is_open(calendar: Calendar, now_ms: int) -> bool:
    """Whether it is open at a moment."""
    return calendar.between(now_ms, now_ms + 1) > 0


def _clock(minutes: int) -> str:
    hours = minutes // 60 if minutes <= 24 * 60 else minutes // 60 - 24
    return f"{hours:02d}:{minutes % 60:02d}"
