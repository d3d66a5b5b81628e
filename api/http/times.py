"""Times in parameters: RFC 3339 or milliseconds since 1970; ranges are [start, end).

Of RFC 3339 a day counts too, for its beginning, and without a zone a time is UTC. What Python and ISO 8601 know besides
(``2026-W01``, ``20261130T10``) is none, so that nobody is answered for another time than they meant.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from api.http.problems import Problem
from ingest.clock import to_ms

_LATEST_MS = 253_402_300_799_999
_LOST_PLUS = re.compile(r"([Tt ][0-9:.]+) ([0-9]{2}:[0-9]{2})$")
_RFC_3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})?)?"
)


@dataclass(frozen=True, slots=True)
class TimeRange:
    """[start, end) in ms since 1970."""

    start_ms: int
    end_ms: int


def parse_time(text: str, *, name: str) -> int:
    """A time in ms; 422 where it is none. A ``+`` that became a space on its way is put back."""
    if re.fullmatch(r"-?[0-9]{1,16}", text):
        ms = int(text)
        if 0 <= ms <= _LATEST_MS:
            return ms
        raise Problem(422, f"{name}: {text} is no time between 1970 and 9999 in milliseconds.")
    try:
        ms = to_ms(parse_rfc3339(_LOST_PLUS.sub(r"\1+\2", text)))
    except (ValueError, OverflowError) as error:
        raise Problem(422, f"{name}: {text!r} is neither RFC 3339 nor milliseconds since 1970.") from error
    if ms < 0:
        raise Problem(422, f"{name}: {text!r} is before 1970.")
    return ms


def parse_rfc3339(text: str) -> datetime:
    """A moment as RFC 3339 writes it; ValueError where it is none."""
    if not _RFC_3339.fullmatch(text):
        raise ValueError(f"{text!r} is no time such as 2026-11-30T12:00:00Z")
    moment = datetime.fromisoformat(text.upper())
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def parse_range(start: str | None, end: str | None, *, now_ms: int, span_ms: int) -> TimeRange:
    """The range asked for; by default ``span_ms`` up to its end, which is by default just behind now. 422 if empty."""
    end_ms = now_ms + 1 if end is None else parse_time(end, name="end")
    start_ms = max(0, end_ms - span_ms) if start is None else parse_time(start, name="start")
    if start_ms >= end_ms:
        raise Problem(422, "start: it must be before end.")
    return TimeRange(start_ms, end_ms)
