"""Event time: which times are believed, and what stands in for one that can't be.

A time is accepted from ``past`` before to ``future`` after its arrival. Outside, the time is estimated from the up-time of
the appliance, where the same boot gave a good time before: the up-time counts on when the clock jumps.
"""

from __future__ import annotations

from dataclasses import dataclass

DAY_MS = 86_400_000
FUTURE_MS = 300_000
AGREED_MS = 1_000
"""So near to each other, an appliance's clock and its up-time are two witnesses, and it is our own clock that was set."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """A moment at which one boot gave a good time together with its up-time."""

    ts_ms: int
    up_ms: int


@dataclass(frozen=True, slots=True)
class AcceptanceWindow:
    """Times accepted around the moment of arrival."""

    past_ms: int = 31 * DAY_MS
    future_ms: int = FUTURE_MS

    def holds(self, ts_ms: int, received_ms: int) -> bool:
        """Whether a time is believed."""
        return received_ms - self.past_ms <= ts_ms <= received_ms + self.future_ms

    def redated(self, anchor: Anchor | None, up_ms: int | None, received_ms: int, said_ms: int) -> int | None:
        """The event time by up-time, or ``None`` where there is no ground for one that is believed.

        It is believed outside the window too where the appliance says the same, at most a day from our own clock.
        """
        if anchor is None or up_ms is None:
            return None
        ts_ms = anchor.ts_ms + up_ms - anchor.up_ms
        is_agreed = abs(ts_ms - said_ms) <= AGREED_MS and abs(ts_ms - received_ms) <= DAY_MS
        return ts_ms if is_agreed or self.holds(ts_ms, received_ms) else None
