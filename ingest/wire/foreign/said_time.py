"""When a foreign device says that something happened, and whether that can be believed; else the time of arrival stands.

Times are RFC 3339, or without zone in the device's own, or a number since 1970. What is no time, lies before 2020 (a clock
that was never set), far ahead or more than a month back is none: the sample counts as said when it arrived, is flagged so,
and the device's list says why. Such devices keep nothing back, so that is right to the second.

Where nobody has said a device's zone its times are read as UTC, and one that is off by a zone's hours is a zone: always
where it is ahead; where it is behind unless this device's clock was right before and is not steadily so late. Where summer
time ends, an hour comes twice, and where it begins one is left out: a time in such an hour may be either of two, so it is
none.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from ingest.clock import to_ms
from ingest.wire.foreign.devices import Device
from ingest.wire.foreign.heard import Heard, Unread
from ingest.wire.timestamp import parse_ms

CLOCKS_MAX = 20_000
CLOCK_SET_MS = 1_577_836_800_000
"""2020: no clock that was ever set is behind it."""
AHEAD_MAX_MS, BEHIND_MAX_MS = 300_000, 31 * 86_400_000
_HOUR_MS, _TOLERANCE_MS = 3_600_000, 90_000
_HALVES_AHEAD = (3.5, 4.5, 5.5, 5.75, 6.5, 8.75, 9.5, 10.5, 12.75)
_HALVES_BEHIND = (2.5, 3.5, 9.5)
_ZONES_MS = frozenset(
    round(hours * _HOUR_MS)
    for hours in (
        *(float(h) for h in range(1, 15)),
        *_HALVES_AHEAD,
        *(-float(h) for h in range(1, 13)),
        *(-h for h in _HALVES_BEHIND),
    )
)
_STEADY_TIMES, _STEADY_MS = 3, 60_000
_SECONDS_BELOW = 100_000_000_000
_FORMS = ("%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%d %H:%M:%S")


@dataclass(slots=True)
class _Clock:
    """What is known of one device's clock."""

    was_right: bool = False
    zone_ms: int = 0
    times: int = 0
    since_ms: int = 0


class Clocks:
    """Judges the times of one codec's devices; bounded to those heard last."""

    def __init__(self) -> None:
        self._clocks: OrderedDict[str, _Clock] = OrderedDict()

    def settle(self, said: object, device: Device, heard: Heard, *, what: str) -> int | None:
        """Milliseconds since 1970, None where the time of arrival stands."""
        if said is None:
            return None
        try:
            said_ms, is_zoned = _read(said, device.timezone)
        except ValueError:
            heard.leave_out(what, Unread.CLOCK, said)
            return None
        if said_ms is None:
            return None
        if said_ms < CLOCK_SET_MS or not self._is_believed(said_ms, heard, is_guessed=not is_zoned, name=device):
            heard.leave_out(what, Unread.CLOCK, said)
            return None
        return said_ms

    def _is_believed(self, said_ms: int, heard: Heard, *, is_guessed: bool, name: Device) -> bool:
        """Whether a time can be right, seen from when it arrived."""
        if heard.received_ms is None:
            return True
        ahead_ms = said_ms - heard.received_ms
        if is_guessed and not heard.is_retained and self._is_zone(ahead_ms, heard.received_ms, name.appliance_id):
            sign = "+" if ahead_ms > 0 else "-"
            hours = round(abs(ahead_ms) / _HOUR_MS * 4) / 4
            heard.advise(
                f"its times are {sign}{hours:g} h from UTC and name no zone, so the time of arrival counts: give it"
                " timezone in the devices file"
            )
            return False
        return -BEHIND_MAX_MS <= ahead_ms <= AHEAD_MAX_MS

    def _is_zone(self, ahead_ms: int, received_ms: int, name: str) -> bool:
        """Whether a time is off by a zone's hours."""
        clock = self._clocks.setdefault(name, _Clock())
        self._clocks.move_to_end(name)
        if len(self._clocks) > CLOCKS_MAX:
            self._clocks.popitem(last=False)
        zone_ms = next((zone for zone in _ZONES_MS if abs(ahead_ms - zone) <= _TOLERANCE_MS), 0)
        if zone_ms != clock.zone_ms:
            clock.zone_ms, clock.times, clock.since_ms = zone_ms, 0, received_ms
        clock.times += 1
        if not zone_ms:
            clock.was_right |= abs(ahead_ms) <= _TOLERANCE_MS
            return False
        is_steady = clock.times >= _STEADY_TIMES and received_ms - clock.since_ms >= _STEADY_MS
        return ahead_ms > 0 or not clock.was_right or is_steady


def _read(said: object, timezone: tzinfo | None) -> tuple[int | None, bool]:
    """A time in ms and whether its zone is certain; raises ValueError for what is none."""
    if isinstance(said, str) and said.isascii() and said.isdigit() and len(said) < len("00000000000000"):
        said = int(said)
    if isinstance(said, int | float) and not isinstance(said, bool) and math.isfinite(said):
        return round(said * 1000 if said < _SECONDS_BELOW else said), True
    if not isinstance(said, str):
        raise ValueError("a time is text or a number")  # noqa: TRY004 - no time at all, as text may be none
    return local_ms(said, timezone or UTC), timezone is not None or _names_zone(said)


def _names_zone(text: str) -> bool:
    """Whether a time says its zone."""
    return text[-1:] in ("Z", "z") or "+" in text or "-" in text[10:]


def local_ms(text: str, timezone: tzinfo) -> int | None:
    """Milliseconds since 1970, None where the zone leaves two to choose from; raises ValueError for what is no time.

    >>> local_ms("2026-11-21T10:13:52", UTC) == local_ms("2026-11-21T11:13:52+01:00", UTC)
    True
    """
    for form in _FORMS:
        try:
            moment = datetime.strptime(text, form).replace(tzinfo=timezone)
        except ValueError:
            continue
        try:
            first, second = (to_ms(moment.replace(fold=fold).astimezone(UTC)) for fold in (0, 1))
        except OverflowError as error:
            raise ValueError("a time beyond the calendar") from error
        return first if first == second else None
    return parse_ms(text)
