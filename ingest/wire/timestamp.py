"""RFC 3339 text ↔ integer milliseconds since 1970 UTC.

Stricter than ISO 8601: a date, ``T``, ``t`` or a blank, a time with seconds, any number of decimals (cut to
milliseconds), and a zone. Day and time must exist. A leap second (``:60``) exists at the end of a month in UTC only; time
since 1970 doesn't count it, so all of it is the last millisecond before midnight: no sample is refused for it, it stays in
its day, and what was said in order stays in order.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

_RFC3339 = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt ]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?"
    r"(?:[Zz]|([+-])([0-9]{2}):([0-9]{2}))"
)
TIME_MIN_MS = -62_135_596_800_000
TIME_MAX_MS = 253_402_300_799_999
USUAL_LENGTH = len("2026-11-21T20:39:12.250Z")
_LEAP = 60
_MINUTE_LENGTH = len("2026-11-21T20:39:")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SEPARATORS = {4: "-", 7: "-", 10: "T", 13: ":", 16: ":", 19: ".", 23: "Z"}
_DIGITS = [place for place in range(USUAL_LENGTH) if place not in _SEPARATORS]


def parse_ms(text: str) -> int:
    """Milliseconds since 1970; raises ValueError with a sentence."""
    match = _RFC3339.fullmatch(text)
    if match is None:
        raise ValueError(f"{text[:40]!r} is no RFC 3339 time such as 2026-11-21T20:39:12.250Z")
    year, month, day, hour, minute, second = (int(match[group]) for group in range(1, 7))
    is_leap = second == _LEAP
    try:
        moment = datetime(year, month, day, hour, minute, second - is_leap, tzinfo=UTC)
    except ValueError as error:
        raise ValueError(f"{text[:40]!r} is no time that exists: {error}") from error
    ms = (moment - _EPOCH) // timedelta(milliseconds=1) + int((match[7] or "0").ljust(3, "0")[:3])
    if match[8] is not None:
        zone_hour, zone_minute = int(match[9]), int(match[10])
        if zone_hour > 23 or zone_minute > 59:
            raise ValueError(f"{text[:40]!r} has an impossible zone")
        ms -= (zone_hour * 60 + zone_minute) * 60_000 * (-1 if match[8] == "-" else 1)
    return _last_before_midnight(clamp_ms(ms), text) if is_leap else clamp_ms(ms)


def _last_before_midnight(ms: int, text: str) -> int:
    """The last millisecond of the month that ends within a second; raises ValueError where none does."""
    midnight_ms = (ms // 1000 + 1) * 1000
    moment = _EPOCH + timedelta(milliseconds=min(midnight_ms, TIME_MAX_MS))
    if (moment.day, moment.hour, moment.minute, moment.second) != (1, 0, 0, 0):
        raise ValueError(f"{text[:40]!r} is no time that exists: a leap second ends a month in UTC")
    return midnight_ms - 1


def clamp_ms(ms: int) -> int:
    """The nearest time that a datetime can hold: years 1 to 9999."""
    return max(TIME_MIN_MS, min(ms, TIME_MAX_MS))


def format_ms(ms: int) -> str:
    """Milliseconds since 1970 as RFC 3339 with milliseconds and ``Z``."""
    moment = _EPOCH + timedelta(milliseconds=ms)
    return moment.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def parse_many_ms(texts: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Texts of 24 characters, many at once: milliseconds (N,) and whether the text had the usual form (N,).

    The usual form is ``2026-11-21T20:39:12.250Z``; for any other, :func:`parse_ms` decides.
    """
    table = np.frombuffer("".join(texts).encode("ascii", "replace"), dtype=np.uint8).reshape(-1, USUAL_LENGTH)
    if (table[:, :_MINUTE_LENGTH] == table[0, :_MINUTE_LENGTH]).all():
        found = _parse_in_minute(texts[0], table[:, _MINUTE_LENGTH:])
        if found is not None:
            return found
    return _parse_columns(np.ascontiguousarray(table.T).astype(np.int64))


def _parse_in_minute(text: str, ends: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.bool_]] | None:
    """The same for times of one minute, of which ``text`` is one, by their ends ``12.250Z``; ``None`` for an odd minute."""
    try:
        minute_ms = parse_ms(text[:_MINUTE_LENGTH] + "00.000Z")
    except ValueError:
        return None
    if text[_MINUTE_LENGTH - 7] != "T":
        return None
    digits = (ends - np.uint8(ord("0"))).astype(np.int64)
    second = digits[:, 0] * 10 + digits[:, 1]
    ms = minute_ms + second * 1000 + digits[:, 3] * 100 + digits[:, 4] * 10 + digits[:, 5]
    is_usual = (digits[:, [0, 1, 3, 4, 5]] <= 9).all(axis=1)
    return ms, is_usual & (second < 60) & (ends[:, 2] == ord(".")) & (ends[:, 6] == ord("Z"))


def _parse_columns(columns: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The same by the characters in columns (24, N); the civil-from-days algorithm, with the year starting in March."""
    is_usual = np.ones(columns.shape[1], dtype=np.bool_)
    for place, mark in _SEPARATORS.items():
        is_usual &= columns[place] == ord(mark)
    columns -= ord("0")
    digits = columns[_DIGITS]
    is_usual &= ((digits >= 0) & (digits <= 9)).all(axis=0)
    year = columns[0] * 1000 + columns[1] * 100 + columns[2] * 10 + columns[3]
    month, day, hour, minute, second = (columns[at] * 10 + columns[at + 1] for at in (5, 8, 11, 14, 17))
    ms = columns[20] * 100 + columns[21] * 10 + columns[22]
    is_leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    is_usual &= (year >= 1) & (month >= 1) & (month <= 12) & (day >= 1) & (hour < 24) & (minute < 60) & (second < 60)
    is_usual &= day <= _DAYS_OF_MONTH[np.clip(month, 0, 12)] + (is_leap & (month == 2))
    shifted = year - (month <= 2)
    day_of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    days = 365 * shifted + shifted // 4 - shifted // 100 + shifted // 400 + day_of_year - 719468
    return (((days * 24 + hour) * 60 + minute) * 60 + second) * 1000 + ms, is_usual


_DAYS_OF_MONTH = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], dtype=np.int64)
