"""Availability: the newest of status and telemetry decides."""

from __future__ import annotations

import pytest

from ingest.liveness import Availability, LastStatus, availability, last_status, newer
from ingest.sample import Status, StatusState

ONLINE, SLEEPING = StatusState.ONLINE, StatusState.SLEEPING
OFFLINE = StatusState.OFFLINE
S = 1000


@pytest.mark.parametrize(
    ("status", "seen_s", "now_s", "expected"),
    [
        (None, None, 0, Availability.STALE),
        (None, 100, 1000, Availability.ONLINE),
        (None, 100, 1001, Availability.STALE),
        (LastStatus(ONLINE, 100 * S), None, 1000, Availability.ONLINE),
        (LastStatus(ONLINE, 100 * S), None, 1001, Availability.STALE),
        (LastStatus(OFFLINE, 100 * S), 50, 101, Availability.OFFLINE),
        (LastStatus(OFFLINE, 100 * S), 50, 99999, Availability.OFFLINE),
        (LastStatus(OFFLINE, 100 * S), 101, 102, Availability.ONLINE),
        (LastStatus(OFFLINE, 100 * S), 101, 1002, Availability.STALE),
        (LastStatus(SLEEPING, 100 * S, 9000 * S), None, 9900, Availability.SLEEPING),
        (LastStatus(SLEEPING, 100 * S, 9000 * S), None, 9901, Availability.STALE),
        (LastStatus(SLEEPING, 100 * S), None, 1000, Availability.SLEEPING),
        (LastStatus(SLEEPING, 100 * S, 9000 * S), 200, 300, Availability.ONLINE),
        (LastStatus(None, 100 * S), None, 101, Availability.STALE),
        (LastStatus(None, 100 * S), 50, 101, Availability.ONLINE),
        (LastStatus(ONLINE, 100 * S), 50, 900, Availability.ONLINE),
    ],
)
def test_newest_decides(status: LastStatus | None, seen_s: int | None, now_s: int, expected: Availability) -> None:
    """Status and telemetry, whichever was heard last, decide; silence makes stale; an offline one stays offline."""
    seen_ms = None if seen_s is None else seen_s * S

    assert availability(status, last_seen_ms=seen_ms, usual_interval_s=60, now_ms=now_s * S) is expected


def test_slow_appliances_get_three_intervals() -> None:
    """An appliance that reports every ten minutes is stale after thirty, not after fifteen."""

    def at(minutes: int) -> Availability:
        return availability(None, last_seen_ms=0, usual_interval_s=600, now_ms=minutes * 60 * S)

    assert (at(30), at(31)) == (Availability.ONLINE, Availability.STALE)


def test_retained_status_dates_from_its_own_time() -> None:
    """A will that the broker repeats at our start is as old as it says; a live one is news."""
    will = Status("w1", "dryer", ts_ms=100, received_ms=900, state=OFFLINE)
    repeated = Status("w1", "dryer", ts_ms=100, received_ms=900, state=OFFLINE, is_retained=True)

    assert last_status(will).heard_ms == 900
    assert last_status(repeated).heard_ms == 100


def test_newer_of_two() -> None:
    """An older status never replaces a newer one; of two equally old ones the later arrived counts."""
    old, new, same = LastStatus(ONLINE, 1), LastStatus(OFFLINE, 2), LastStatus(SLEEPING, 2)

    assert newer(None, old) is old
    assert newer(new, old) is new
    assert newer(new, same) is same
