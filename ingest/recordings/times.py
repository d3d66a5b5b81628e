"""Times as people and tools write them → milliseconds since 1970, for a whole column at once.

Read are RFC 3339 and its forms without ``T`` or zone; ``M/D/YYYY`` and ``D/M/YYYY`` with ``/``, ``.`` or ``-``, with
seconds, am and pm; ``YYYYMMDDHHMMSS``; seconds, milliseconds, microseconds and nanoseconds since 1970; days since 1900 as
spreadsheets count them. Which of the two orders of day and month holds is decided by the data: a number above 12, else
the order in which time does not go back; else it is M/D as in the contract, and said. Numbers are told apart by their
size alone: each form of them fills another range between the years 1990 and 2100.

Refuses any time outside these years: such a column is no time, or the wrong one.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from ingest.recordings.recording import Column, RecordingError
from ingest.recordings.zones import to_utc
from ingest.zone_names import near, short_name

FIRST_MS, END_MS = 631_152_000_000, 4_102_444_800_000
"""1990 and 2100."""
EPOCH_MS_FROM = 1e11
"""Of a single time on the command line, plain numbers from here on are milliseconds since 1970, below it seconds."""
WRITE = (
    "write RFC 3339, YYYY-MM-DD HH:MM:SS, M/D/YYYY H:MM, or seconds or milliseconds since 1970, or name the column that "
    "holds the time with --time"
)

_SLASHED = re.compile(
    r"(\d{1,2})([/.\-])(\d{1,2})\2(\d{4}|\d{2})(?:,?[ T]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,6}))?)?(?: ?([AaPp])\.?[Mm]\.?)?)?"
)
_PLAIN = re.compile(r"(?:[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{3})?Z?(?:\n|$))+")
_NUMBER = re.compile(r"[0-9]+(?:[.,][0-9]*)?(?:[eE]\+?[0-9]{1,2})?")
_ZONE_NAME = re.compile(r" ?(?:UTC|GMT)$")
_SPREADSHEET_ZERO = datetime(1899, 12, 30, tzinfo=UTC)

Moment = tuple[int, bool]
"""Milliseconds, and whether they are of a zone that the text names (else of the recording's zone)."""


def read_times(
    column: Column, *, day_first: bool | None, zone: str, notes: list[str], texts: Sequence[str] | None = None
) -> NDArray[np.int64]:
    """A column's times in ms; raises :class:`RecordingError`. ``texts`` stand for its cells where they were put together."""
    texts = [text.strip() for text in (column.cells if texts is None else texts)]
    plain = _plain(texts) if zone == "UTC" else None
    if plain is not None:
        return plain
    if day_first is None:
        day_first = _decide_day_first(column, texts, notes)
    forms: list[Callable[[str], Moment | None]] = [_from_iso, _from_number, lambda text: _from_slashed(text, day_first)]
    moments: list[Moment] = []
    for row, text in enumerate(texts):
        for form in forms:
            moment = form(text)
            if moment is not None:
                moments.append(moment)
                if form is not forms[0]:
                    forms.remove(form)
                    forms.insert(0, form)
                break
        else:
            raise RecordingError(f"{_place(column, row, text)} is no time; {_cure(text)}.")
    ms = np.fromiter((one for one, _ in moments), np.int64, len(moments))
    if zone != "UTC":
        local = np.flatnonzero(~np.fromiter((is_exact for _, is_exact in moments), bool, len(moments)))

        def say(at: int, count: int, what: str) -> None:
            row = int(local[at])
            others = f" (and {count - 1} more)" if count > 1 else ""
            notes.append(f"{_place(column, row, texts[row])}{others} is {what}.")

        ms[local] = to_utc(ms[local], zone, say)
    outside = np.flatnonzero((ms < FIRST_MS) | (ms >= END_MS))
    if len(outside):
        row = int(outside[0])
        raise RecordingError(f"{_place(column, row, texts[row])} is no time between the years 1990 and 2100; {WRITE}.")
    return ms


def _plain(texts: Sequence[str]) -> NDArray[np.int64] | None:
    """Times that are all of one length and plain RFC 3339 in UTC or without zone, the common case, fast; None for anything else."""
    if not texts or any(len(text) != len(texts[0]) for text in texts) or not _PLAIN.fullmatch("\n".join(texts)):
        return None
    digits = len(texts[0].removesuffix("Z"))
    try:
        ms = np.array(texts).astype(f"U{digits}").astype("datetime64[ms]").astype(np.int64)
    except ValueError:
        return None
    return None if ms.min() < FIRST_MS or ms.max() >= END_MS else ms


def _cure(text: str) -> str:
    """What to write in place of a text that is no time."""
    name = short_name(text)
    return WRITE if name is None else f"{name!r} is no zone: take it away, and write --zone {near(name)}"


def _place(column: Column, row: int, text: str) -> str:
    """Where a time stands, as it was put together."""
    place = column.place(row)
    return place if column.cells[row].strip() == text else f"{place} ({text!r})"


def parse_time(text: str) -> int:
    """One time in any form but a spreadsheet's, in ms since 1970; raises :class:`RecordingError`."""
    text = text.strip()
    if _NUMBER.fullmatch(text.lstrip("-")) and not _is_compact(text):
        value = float(text.replace(",", "."))
        if math.isfinite(value) and abs(value) <= 1e14:
            return round(value if abs(value) >= EPOCH_MS_FROM else value * 1000)
    moment = _from_iso(text) or _from_number(text) or _from_slashed(text, day_first=False)
    if moment is None:
        raise RecordingError(f"{text!r} is no time; write RFC 3339 or YYYY-MM-DD HH:MM:SS.")
    return moment[0]


def _is_compact(text: str) -> bool:
    return len(text) == 14 and text.isdigit()


def _from_iso(text: str) -> Moment | None:
    """RFC 3339, or with a blank, with a comma, with slashes in this order, or without zone."""
    if len(text) < 8 or not text[:4].isdigit() or text[4] not in "-/.":
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        plain = _ZONE_NAME.sub("Z", text[:10].replace("/", "-").replace(".", "-") + text[10:].replace(",", "."))
        try:
            moment = datetime.fromisoformat(plain.replace(" +", "+").replace(" Z", "Z"))
        except ValueError:
            return None
    if moment.tzinfo is None:
        return _to_ms(moment.replace(tzinfo=UTC)), False
    return _to_ms(moment), True


def _from_number(text: str) -> Moment | None:
    """A number, read by its size: days, seconds, ms, µs or ns since their zero, or the digits of a date."""
    if not _NUMBER.fullmatch(text):
        return None
    text = text.replace(",", ".")
    if text.isdigit() and len(text) in {8, 12, 14}:
        form = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}[len(text)]
        try:
            moment = datetime.strptime(text, form).replace(tzinfo=UTC)
        except ValueError:
            moment = None
        if moment is not None and FIRST_MS <= _to_ms(moment) < END_MS:
            return _to_ms(moment), False
    value = float(text)
    if 32_874 <= value < 73_051:
        return _from_days(text, value), False
    for per_ms in (1e-3, 1.0, 1e3, 1e6):
        if FIRST_MS <= value / per_ms < END_MS:
            exact = text.isdigit()
            return (int(text) * 1000 if per_ms < 1 else int(text) // int(per_ms)) if exact else round(
                value / per_ms
            ), True
    return (round(value * 1000), True) if value < 1e12 else None


def _from_days(text: str, value: float) -> int:
    """Days of a spreadsheet; a whole second is meant where the digits reach no further."""
    ms = _to_ms(_SPREADSHEET_ZERO) + value * 86_400_000
    decimals = len(text.partition(".")[2])
    believed = 10.0**-decimals * 86_400_000 + 1
    second = round(ms / 1000) * 1000
    return second if abs(ms - second) <= believed else round(ms)


def _from_slashed(text: str, day_first: bool | None) -> Moment | None:
    """Day, month and year with slashes, points or hyphens; points always stand behind the day."""
    found = _SLASHED.fullmatch(text)
    if found is None:
        return None
    first, second = int(found[1]), int(found[3])
    is_day_first = found[2] == "." or bool(day_first)
    day, month = (first, second) if is_day_first else (second, first)
    year = int(found[4]) + (2000 if len(found[4]) == 2 else 0)
    hour = int(found[5] or 0)
    if found[9]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if found[9] in "pP" else 0)
    micros = int((found[8] or "0").ljust(6, "0"))
    try:
        moment = datetime(year, month, day, hour, int(found[6] or 0), int(found[7] or 0), micros, tzinfo=UTC)
    except ValueError:
        return None
    return _to_ms(moment), False


def _decide_day_first(column: Column, texts: Sequence[str], notes: list[str]) -> bool:
    """Whether the day stands before the month; said where neither a number above 12 nor the order decides."""
    found = [match for text in texts if (match := _SLASHED.fullmatch(text)) and match[2] != "."]
    if not found:
        return False
    day_firsts, month_firsts = ({m[0] for m in found if int(m[place]) > 12} for place in (1, 3))
    if day_firsts and month_firsts:
        rows = [next(row for row, text in enumerate(texts) if text in some) for some in (day_firsts, month_firsts)]
        raise RecordingError(
            f"{_place(column, rows[1], texts[rows[1]])} has the month first, and {texts[rows[0]]!r} in line "
            f"{column.lines[rows[0]]} the day; write all in one order, best as YYYY-MM-DD."
        )
    if day_firsts or month_firsts:
        return bool(day_firsts)
    paths = []
    for day_first in (False, True):
        moments = [_from_slashed(match[0], day_first) for match in found]
        steps = np.diff([moment[0] if moment else 0 for moment in moments])
        paths.append(bool((steps >= 0).all()))
    if paths[1] and not paths[0]:
        return True
    if paths[0] and not paths[1]:
        return False
    notes.append(
        f"{column.path}, column {column.label!r}: {found[0][0]!r} may be day/month or month/day, and nothing in the file "
        f"decides; it is read as month/day. --dates dm reads day/month, --dates md says that this is right."
    )
    return False


def _to_ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
