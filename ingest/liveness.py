"""Availability: online, sleeping, offline or stale; pure functions of what was last heard, and of when we listened.

The newest of status and telemetry decides, by the time at which we heard it; telemetry after ``offline`` means online;
without any status an appliance is online while samples come. Silence longer than max(3 × usual interval, the setting)
makes it stale. A sleeping appliance announces until when it is silent, and is stale only that long after it.

Only silence that we could have heard counts: while the service or the broker was away nobody could speak, and for a
minute behind it all come back at once. So neither a restart of ours nor one of the broker makes anything stale.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum

from ingest.sample import Status, StatusState

STALE_AFTER_S = 900.0
GRACE_SHARE = 1 / 15
"""How long appliances have to come back after we could not hear them, as a share of the least silence: a minute."""
LOST_SHARE = 1 / 4
"""A listener that has not said for so long that it listens has died."""
MERGED_SHARE = 4.0
"""Two absences so close to each other count as one of their joint length."""
STILL_AWAY_MS = 2**62
_INTERVALS = 3

INTERVAL_WEIGHT = 0.2
INTERVAL_STEP_MAX = 1.0
INTERVAL_S_MAX = 7 * 86_400.0


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


@dataclass(frozen=True, slots=True)
class Listening:
    """When we listened: up to ``until_ms`` for certain, but for the last absence, which may still go on."""

    until_ms: int
    away_from_ms: int = 0
    away_until_ms: int = 0

    def heard(self, now_ms: int, *, is_connected: bool, stale_after_s: float = STALE_AFTER_S) -> Listening:
        """What is known once more is heard, or that nothing can be."""
        lost_ms, back_ms = _ms(stale_after_s, LOST_SHARE), now_ms + _ms(stale_after_s, GRACE_SHARE)
        if not is_connected:
            is_known = self.away_until_ms == STILL_AWAY_MS
            return self if is_known else self._away(min(now_ms, self.until_ms + lost_ms), STILL_AWAY_MS, stale_after_s)
        if self.away_until_ms == STILL_AWAY_MS:
            return Listening(now_ms, self.away_from_ms, back_ms)
        if now_ms - self.until_ms > lost_ms:
            return replace(self._away(self.until_ms, back_ms, stale_after_s), until_ms=now_ms)
        return replace(self, until_ms=max(now_ms, self.until_ms))

    def _away(self, from_ms: int, until_ms: int, stale_after_s: float) -> Listening:
        """With one more absence, joined with the last where that was not long ago."""
        before_ms = min(self.away_until_ms, from_ms) - self.away_from_ms
        if before_ms > 0 and from_ms - self.away_until_ms < _ms(stale_after_s, MERGED_SHARE):
            from_ms -= before_ms
        return Listening(self.until_ms, from_ms, until_ms)

    def silence_ms(self, heard_ms: int, now_ms: int, stale_after_s: float = STALE_AFTER_S) -> int:
        """How long an appliance that was last heard at ``heard_ms`` has been silent while we listened."""
        absence = min(self.away_until_ms, now_ms) - max(heard_ms, self.away_from_ms)
        unheard = now_ms - max(heard_ms, self.unheard_from_ms(stale_after_s))
        return now_ms - heard_ms - max(0, absence) - max(0, unheard)

    def unheard_from_ms(self, stale_after_s: float) -> int:
        """From when on, behind the last absence, nobody has said that we listen."""
        return max(self.until_ms + _ms(stale_after_s, LOST_SHARE), self.away_until_ms)


def _ms(seconds: float, share: float) -> int:
    """A share of some seconds in milliseconds."""
    return round(seconds * share * 1000)


ALWAYS = Listening(STILL_AWAY_MS)
"""Where nothing is known of when we listened, we always did."""


def last_status(status: Status) -> LastStatus:
    """What a status says of availability.

    A live one dates from its arrival, because a last will was written when the connection began; where telemetry of the
    same moment came behind it, a little before. A retained one that the broker repeats dates from its own time: it may be
    long ago.
    """
    heard_ms = status.received_ms - status.is_followed
    return LastStatus(status.state, min(status.ts_ms, heard_ms) if status.is_retained else heard_ms, status.until_ms)


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
    listening: Listening = ALWAYS,
) -> Availability:
    """How available an appliance is at ``now_ms``; ``last_seen_ms`` is when its newest telemetry or event arrived."""
    limit_ms = silence_limit_ms(usual_interval_s, stale_after_s)
    heard_ms = last_seen_ms if last_seen_ms is not None else -1
    if status is not None and status.state is not None and status.heard_ms >= heard_ms:
        if status.state is StatusState.OFFLINE:
            return Availability.OFFLINE
        heard_ms = status.heard_ms
        if status.state is StatusState.SLEEPING:
            awake_ms = heard_ms if status.until_ms is None else max(status.until_ms, heard_ms)
            is_silent = listening.silence_ms(awake_ms, now_ms, stale_after_s) > limit_ms
            return Availability.STALE if is_silent else Availability.SLEEPING
    if heard_ms < 0 or listening.silence_ms(heard_ms, now_ms, stale_after_s) > limit_ms:
        return Availability.STALE
    return Availability.ONLINE


def silence_limit_ms(usual_interval_s: float | None, stale_after_s: float) -> float:
    """Silence beyond which an appliance is stale."""
    return max(_INTERVALS * (usual_interval_s or 0.0), stale_after_s) * 1000


def next_interval_s(known_s: float | None, observed_s: float) -> float:
    """The usual interval after one more observation: a mean of logarithms, of which each moves it by a fifth at most.

    So a fortnight without a word counts like any other long pause, and the interval stays that of ordinary days::

        log i ← log i + 0.2 × clip(log observed - log i, -1, 1)
    """
    observed_s = min(max(observed_s, 1e-3), INTERVAL_S_MAX)
    if known_s is None or known_s <= 0:
        return observed_s
    step = math.log(observed_s / known_s)
    return known_s * math.exp(INTERVAL_WEIGHT * max(-INTERVAL_STEP_MAX, min(step, INTERVAL_STEP_MAX)))
