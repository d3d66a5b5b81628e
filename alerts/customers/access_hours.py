"""When a home can be entered: ``mon-fri 08:00-12:00, 13:00-18:00; sat 09:00-12:00``, in the site's own time.

No hours written down means at any time; a day that is not named is one without access.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

from alerts.errors import InvalidError

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HOURS_MAX = 500
Hours = Mapping[str, Sequence[tuple[str, str]]]
"""Per day the spans ``(from, to)`` as HH:MM, in order; 24:00 is the end of the day."""
_SPAN = re.compile(r"(\d{1,2}):(\d\d)\s*-\s*(\d{1,2}):(\d\d)")
_DAYS = re.compile(r"([a-z]{3})(?:\s*-\s*([a-z]{3}))?")


def parse_hours(text: str) -> dict[str, list[tuple[str, str]]]:
    """The hours of each day; raises :class:`InvalidError` with what can't be read."""
    if len(text) > HOURS_MAX:
        raise InvalidError(f"access_hours has at most {HOURS_MAX} characters.")
    found: dict[str, list[tuple[str, str]]] = {}
    for part in filter(None, (one.strip().lower() for one in text.split(";"))):
        days, _, spans = part.partition(" ")
        for day in _days(days, part):
            found.setdefault(day, []).extend(_span(span.strip(), part) for span in spans.split(","))
    for day, spans_of_day in found.items():
        spans_of_day.sort()
        if any(later[0] < earlier[1] for earlier, later in pairwise(spans_of_day)):
            raise InvalidError(f"access_hours: two spans of {day} overlap.")
    return {day: found[day] for day in DAYS if day in found}


def format_hours(hours: Hours) -> str:
    """The text that :func:`parse_hours` reads, equal days in a row together."""
    parts: list[list[str]] = []
    for day in DAYS:
        spans = ", ".join(f"{start}-{end}" for start, end in hours.get(day, ()))
        if not spans:
            continue
        follows = parts and parts[-1][2] == spans and DAYS.index(parts[-1][1]) == DAYS.index(day) - 1
        if follows:
            parts[-1][1] = day
        else:
            parts.append([day, day, spans])
    return "; ".join(f"{first if first == last else f'{first}-{last}'} {spans}" for first, last, spans in parts)


def hours_of(kept: Mapping[str, Sequence[Sequence[str]]] | None) -> dict[str, list[tuple[str, str]]]:
    """The hours of a column, where a span is a list of two; none where nothing is written down."""
    return {day: [(span[0], span[1]) for span in spans] for day, spans in (kept or {}).items()}


def _days(text: str, part: str) -> Sequence[str]:
    match = _DAYS.fullmatch(text)
    if match is None or not {match[1], match[2] or match[1]} <= set(DAYS):
        raise InvalidError(f"access_hours: {part!r} does not begin with a day (mon) or days (mon-fri).")
    first, last = DAYS.index(match[1]), DAYS.index(match[2] or match[1])
    return DAYS[first : last + 1] if first <= last else (*DAYS[first:], *DAYS[: last + 1])


def _span(text: str, part: str) -> tuple[str, str]:
    match = _SPAN.fullmatch(text)
    if match is None:
        raise InvalidError(f"access_hours: {part!r} has no hours such as 08:00-18:00.")
    minutes = [int(match[1]) * 60 + int(match[2]), int(match[3]) * 60 + int(match[4])]
    if int(match[2]) > 59 or int(match[4]) > 59 or not 0 <= minutes[0] < minutes[1] <= 24 * 60:
        raise InvalidError(f"access_hours: {text!r} is no span within a day; from comes before to, at most 24:00.")
    start, end = (f"{one // 60:02}:{one % 60:02}" for one in minutes)
    return start, end
