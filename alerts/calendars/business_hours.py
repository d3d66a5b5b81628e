"""Business hours: when a calendar is open, exactly, over time zones, changes of the clock, lunch, night shifts and holidays.

A minute is open where its local wall time lies in a span of its day, or in one that began the day before and crosses
midnight; a closed day (a holiday) has no spans of its own. From this one sentence all follows: in the hour that comes twice
both are open or closed alike, and the hour that is skipped is nowhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from holidays import HolidayBase

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
SEARCHED_DAYS = 3660
"""So far ahead a deadline is looked for; a calendar that is open so seldom has none."""
_EPOCH = date(1970, 1, 1)
_DAYS_KEPT = 4096

Span = tuple[int, int]
"""From and to: minutes since the local midnight in a week, milliseconds since 1970 on the line of time."""


@dataclass(frozen=True)
class Calendar:
    """When work is done; without a zone always.

    ``week`` has the spans of each day, Monday first; one that ends behind 1440 goes on into the next day. ``holidays`` is
    a country, or a country and its part (``DE-BE``), as the library ``holidays`` knows them; ``closed`` are days beside these.
    """

    zone: str | None = None
    week: tuple[tuple[Span, ...], ...] = ()
    holidays: str | None = None
    closed: frozenset[date] = frozenset()

    def between(self, start_ms: int, end_ms: int) -> int:
        """How much of [start, end) is open."""
        if self.zone is None:
            return max(end_ms - start_ms, 0)
        total = 0
        for day in range(start_ms // DAY_MS, (end_ms - 1) // DAY_MS + 1):
            if day * DAY_MS >= start_ms and (day + 1) * DAY_MS <= end_ms:
                total += self._day(day)[1]
                continue
            total += sum(max(min(to, end_ms) - max(since, start_ms), 0) for since, to in self._day(day)[0])
        return total

    def advance(self, start_ms: int, amount_ms: int) -> int:
        """The first moment before which, counted from the start, so much was open."""
        if self.zone is None or amount_ms <= 0:
            return start_ms + max(amount_ms, 0)
        left, first = amount_ms, start_ms // DAY_MS
        for day in range(first, first + SEARCHED_DAYS):
            spans, whole = self._day(day)
            if day > first and whole < left:
                left -= whole
                continue
            for since, to in spans:
                since = max(since, start_ms)  # noqa: PLW2901
                if to - since >= left:
                    return since + left
                left -= max(to - since, 0)
        return start_ms + SEARCHED_DAYS * DAY_MS

    def open_until(self, at_ms: int, *, days: int) -> int:
        """The first moment from then on that is closed, looked for on so many days of UTC; the last one looked at where none is."""
        first = at_ms // DAY_MS
        if self.zone is None:
            return (first + days) * DAY_MS
        for day in range(first, first + days):
            for since, to in self._day(day)[0]:
                if since <= at_ms < to:
                    at_ms = to
        return at_ms

    def _day(self, day: int) -> tuple[tuple[Span, ...], int]:
        """The open spans of a day of UTC, and their sum."""
        found = self._days.get(day)
        if found is None:
            if len(self._days) >= _DAYS_KEPT:
                self._days.clear()
            spans = tuple(_joined(self._spans_of(day)))
            found = self._days[day] = (spans, sum(to - since for since, to in spans))
        return found

    @cached_property
    def _days(self) -> dict[int, tuple[tuple[Span, ...], int]]:
        return {}

    @cached_property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.zone or "UTC")

    def _spans_of(self, day: int) -> Iterator[Span]:
        for start_ms, end_ms, offset_ms in self._pieces(day):
            local_start, local_end = start_ms + offset_ms, end_ms + offset_ms
            for local_day in range(local_start // DAY_MS - 1, (local_end - 1) // DAY_MS + 1):
                midnight = local_day * DAY_MS
                for since, to in self._week_spans(local_day):
                    begun = max(midnight + since * MINUTE_MS, local_start)
                    ended = min(midnight + to * MINUTE_MS, local_end)
                    if begun < ended:
                        yield begun - offset_ms, ended - offset_ms

    def _week_spans(self, local_day: int) -> tuple[Span, ...]:
        found = _EPOCH + timedelta(days=local_day)
        if found in self.closed or (self.holidays is not None and found in _holidays(self.holidays)):
            return ()
        return self.week[found.weekday()]

    def _pieces(self, day: int) -> Iterator[tuple[int, int, int]]:
        """A day of UTC in pieces within which the local clock does not jump: from, to, and how far it is ahead."""
        begun = day * DAY_MS
        offset = self._offset(begun)
        for hour in range(1, 25):
            at = day * DAY_MS + hour * HOUR_MS
            if self._offset(at) == offset:
                continue
            low, high = at - HOUR_MS, at
            while high - low > 1000:
                middle = (low + high) // 2000 * 1000
                low, high = (middle, high) if self._offset(middle) == offset else (low, middle)
            if begun < min(high, (day + 1) * DAY_MS):
                yield begun, min(high, (day + 1) * DAY_MS), offset
            begun, offset = high, self._offset(at)
        if begun < (day + 1) * DAY_MS:
            yield begun, (day + 1) * DAY_MS, offset

    def _offset(self, at_ms: int) -> int:
        offset = datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(self._zone).utcoffset()
        return round((offset or timedelta()).total_seconds() * 1000)


ALWAYS = Calendar()


def _joined(spans: Iterator[Span]) -> Iterator[Span]:
    """Spans in order, those that touch as one."""
    standing: Span | None = None
    for since, to in sorted(spans):
        if standing is not None and since <= standing[1]:
            standing = (standing[0], max(standing[1], to))
            continue
        if standing is not None:
            yield standing
        standing = (since, to)
    if standing is not None:
        yield standing


@lru_cache(maxsize=64)
def _holidays(place: str) -> HolidayBase:
    """The public holidays of a place, year by year as they are asked for; raises :class:`NotImplementedError` for an unknown one."""
    from holidays import country_holidays  # noqa: PLC0415  (costs .1 s, and most installations need none)

    country, _, part = place.partition("-")
    return country_holidays(country, subdiv=part or None, language="en_US")


def holiday_name(calendar: Calendar, day: date) -> str | None:
    """What closes a day: the name of a public holiday, an empty text where the calendar itself does, None where nothing does."""
    name = _holidays(calendar.holidays).get(day) if calendar.holidays is not None else None
    if name is None:
        return "" if day in calendar.closed else None
    return str(name)


def check_place(place: str) -> None:
    """Raise :class:`ValueError` where the library knows no such country, or no such part of it."""
    try:
        _holidays(place)
    except NotImplementedError as error:
        raise ValueError(
            f"{place!r} is no country with holidays that we know, nor one with its part (DE-BE)"
        ) from error
