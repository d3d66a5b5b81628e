"""Times in parameters: RFC 3339 or milliseconds since 1970; ranges are [start, end)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from api.http.problems import Problem
from ingest.clock import to_ms

_LATEST_MS = 253_402_300_799_999
_LOST_PLUS = re.compile(r"(T[\d:.]+) (\d\d:\d\d)$")


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
        moment = datetime.fromisoformat(_LOST_PLUS.sub(r"\1+\2", text))
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        ms = to_ms(moment)
    except (ValueError, OverflowError) as error:
        raise Problem(422, f"{name}: {text!r} is neither RFC 3339 nor milliseconds since 1970.") from error
    if ms < 0:
        raise Problem(422, f"{name}: {text!r} is before 1970.")
    return ms


def parse_range(start: str | None, end: str | None, *, now_ms: int, span_ms: int) -> TimeRange:
    """The range asked for; by default ``span_ms`` up to its end, which is by default just behind now. 422 if empty."""
    end_ms = now_ms + 1 if end is None else parse_time(end, name="end")
    start_ms = max(0, end_ms - span_ms) if start is None else parse_time(start, name="start")
    if start_ms >= end_ms:
        raise Problem(422, "start: it must be before end.")
    return TimeRange(start_ms, end_ms)
