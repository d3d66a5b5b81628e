"""Availability: online, sleeping, offline or stale; pure functions of what was last heard.

The newest of status and telemetry decides, by the time at which we heard it; telemetry after ``offline`` means online;
without any status an appliance is online while samples come. Silence longer than max(3 × usual interval, the setting)
makes it stale. A sleeping appliance announces until when it is silent, and is stale only that long after it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ingest.sample import Status, StatusState

STALE_AFTER_S = 900.0
_INTERVALS = 3


class Availability(StrEnum):
    """Whether an appliance can be heard."""

    ONLINE = "online"
    SLEEPING = "sleeping"
    OFFLINE = "offline"
    STALE = "stale"


@dataclass(frozen=True, slots=True)
class LastStatus:
    """The newest status of an appliance and when it spoke."""

    state: StatusState | None
    heard_ms: int
    until_ms: int | None = None


def last_status(status: Status) -> LastStatus:
    """What a status says of availability.

    A live one dates from its arrival, because a last will was written when the connection began. A retained one that the
    broker repeats dates from its own time: it may be long ago.
    """
    heard_ms = min(status.ts_ms, status.received_ms) if status.is_retained else status.received_ms
    return LastStatus(status.state, heard_ms, status.until_ms)


def newer(known: LastStatus | None, status: LastStatus) -> LastStatus:
    """The newer of two statuses; the later one of two that are equally old."""
    return status if known is None or status.heard_ms >= known.heard_ms else known


def availability(
    status: LastStatus | None,
    *,
    last_seen_ms: int | None,
    usual_interval_s: float | None,
    now_ms: int,
    stale_after_s: float = STALE_AFTER_S,
) -> Availability:
    """How available an appliance is at ``now_ms``; ``last_seen_ms`` is when its newest telemetry or event arrived."""
    silence_ms = max(_INTERVALS * (usual_interval_s or 0.0), stale_after_s) * 1000
    heard_ms = last_seen_ms if last_seen_ms is not None else -1
    if status is not None and status.state is not None and status.heard_ms > heard_ms:
        if status.state is StatusState.OFFLINE:
            return Availability.OFFLINE
        if status.state is StatusState.SLEEPING:
            awake_ms = status.heard_ms if status.until_ms is None else max(status.until_ms, status.heard_ms)
            return Availability.SLEEPING if now_ms - awake_ms <= silence_ms else Availability.STALE
    if status is not None:
        heard_ms = max(heard_ms, status.heard_ms if status.state is not None else -1)
    return Availability.ONLINE if heard_ms >= 0 and now_ms - heard_ms <= silence_ms else Availability.STALE
