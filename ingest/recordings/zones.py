"""Local times of a place → UTC: what its clocks skipped in spring and repeated in autumn is decided, and said.

An hour that a place repeats comes twice, and which time is meant is decided by the order of rows where that is clear: time
goes back once within it, or only one of both leaves no silence of an hour beside it. A time that clocks skipped was never
shown by one: the recorder's clock does not follow the place's, and all that it wrote in summer may be an hour off.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from ingest.recordings.recording import RecordingError
from ingest.zone_names import near

STEP_MS = 900_000
"""Clocks are changed at quarters of an hour."""
SILENT_INTERVALS = 1.5
_OFFSET = re.compile(r"(?:UTC|GMT)?([+-])([01]?[0-9])(?::?([0-5][0-9]))?")


def zone_of(name: str) -> tzinfo:
    """The zone of this name, or the time all year of an offset; raises :class:`RecordingError` with one that is near.

    >>> zone_of("+05:30").utcoffset(None), zone_of("Europe/Berlin").key
    (datetime.timedelta(seconds=19800), 'Europe/Berlin')
    """
    if name.upper() in {"UTC", "Z"}:
        return UTC
    found = _OFFSET.fullmatch(name)
    if found is not None:
        offset = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
        return timezone(-offset if found[1] == "-" else offset)
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError) as error:
        raise RecordingError(f"--zone {name!r} is no time zone; write {near(name)}.") from error


Say = Callable[[int, int, str], None]
"""Tells of so many rows from one on, in the words behind their place."""


@dataclass(frozen=True, slots=True)
class _Offsets:
    """What a place's clocks were ahead by at local times: at the first time that is meant, and at the second."""

    first: NDArray[np.int64]
    second: NDArray[np.int64]


def to_utc(local_ms: NDArray[np.int64], zone: str, say: Say) -> NDArray[np.int64]:
    """Local times of a zone in UTC."""
    place = zone_of(zone)
    if not len(local_ms):
        return local_ms
    offsets = _offsets(local_ms, place)
    made = local_ms - offsets.first
    skipped = np.flatnonzero(offsets.first < offsets.second)
    if len(skipped):
        fixed = _written(int(offsets.first[skipped[0]]))
        say(
            int(skipped[0]),
            len(skipped),
            f"a time that clocks in {zone} skipped; it is read as one hour later. The recorder's clock seems to keep one "
            f"time all year: --zone {fixed} reads all of it so",
        )
    twice = offsets.first > offsets.second
    if twice.any():
        _decide_repeated(local_ms, made, offsets, twice, zone=zone, say=say)
    return made


def _offsets(local_ms: NDArray[np.int64], place: tzinfo) -> _Offsets:
    """The offsets at each time, worked out once per quarter of an hour."""
    steps, where = np.unique(local_ms // STEP_MS, return_inverse=True)
    first: list[int] = []
    second: list[int] = []
    for step in steps.tolist():
        local = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=step * STEP_MS)
        for fold, offsets in enumerate((first, second)):
            offset = local.replace(tzinfo=place, fold=fold).utcoffset() or timedelta()
            offsets.append(offset // timedelta(milliseconds=1))
    return _Offsets(np.array(first, np.int64)[where], np.array(second, np.int64)[where])


def _written(offset_ms: int) -> str:
    """An offset as people write it.

    >>> _written(3_600_000), _written(-12_600_000)
    ('+01:00', '-03:30')
    """
    minutes = abs(offset_ms) // 60_000
    return f"{'-' if offset_ms < 0 else '+'}{minutes // 60:02}:{minutes % 60:02}"


def _decide_repeated(
    local_ms: NDArray[np.int64],
    made: NDArray[np.int64],
    offsets: _Offsets,
    twice: NDArray[np.bool_],
    *,
    zone: str,
    say: Say,
) -> None:
    """Write the times of each stretch of rows in an hour that comes twice into ``made``."""
    steps = np.diff(local_ms)
    ahead = -1 if int((steps < 0).sum()) > int((steps > 0).sum()) else 1
    usual_ms = float(np.median(np.abs(steps[steps != 0]))) if steps.any() else 0.0
    edges = np.flatnonzero(np.diff(np.r_[0, twice.astype(np.int8), 0]))
    decided: list[tuple[int, int]] = []
    doubtful: list[tuple[int, int]] = []
    for start, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        rows = np.arange(start, end)[::ahead]
        hour_ms = int(offsets.first[start] - offsets.second[start])
        firsts = _firsts(made, rows, hour_ms, max(SILENT_INTERVALS * usual_ms, hour_ms / 4), ahead=ahead)
        if firsts is not None:
            made[rows[firsts:]] += hour_ms
        (doubtful if firsts is None else decided).append((start, end - start))
    what = f"a time that clocks in {zone} showed twice"
    if decided:
        say(decided[0][0], sum(count for _, count in decided), f"{what}; it is read by the order of rows")
    if doubtful:
        cure = "nothing here says which is meant, and it is read as the first; export times in UTC or with their offset"
        say(doubtful[0][0], sum(count for _, count in doubtful), f"{what}; {cure}")


def _firsts(
    made: NDArray[np.int64], rows: NDArray[np.intp], hour_ms: int, limit_ms: float, *, ahead: int
) -> int | None:
    """How many of a stretch's rows are of the first time, the others of the second; None where nothing decides.

    Where time goes back once, it is there; else where only one place to part the rows leaves no silence in and beside them.
    """
    steps = np.diff(made[rows])
    turned = np.flatnonzero(steps < 0)
    if len(turned):
        return int(turned[0]) + 1 if len(turned) == 1 else None
    before, after = int(rows[0]) - ahead, int(rows[-1]) + ahead
    first, last = int(made[rows[0]]), int(made[rows[-1]])
    since = first - int(made[before]) if 0 <= before < len(made) and made[before] <= first else None
    until = int(made[after]) - last if 0 <= after < len(made) and made[after] >= last + hour_ms else None
    fitting = []
    for firsts in (0, *(np.flatnonzero(steps == 0) + 1).tolist(), len(rows)):
        silences = [] if since is None else [since + (hour_ms if firsts == 0 else 0)]
        silences += [] if until is None else [until - (hour_ms if firsts < len(rows) else 0)]
        silences += [hour_ms] if 0 < firsts < len(rows) else []
        if silences and max(silences) <= limit_ms:
            fitting.append(firsts)
    return fitting[0] if len(fitting) == 1 else None
