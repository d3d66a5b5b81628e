"""The only reader of the wall clock.

Everything else takes ``now`` as an argument or holds a :class:`Clock`. Times inside Fettle are integer milliseconds
since 1970 in UTC where they travel in bulk (``*_ms``), and timezone-aware :class:`datetime.datetime` in UTC elsewhere.

An :class:`AcceleratedClock` lets the demo's service and fleet share one faster time: it is a pure function of the wall
clock, so two processes that hold equal parameters agree.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Says what time it is."""

    def now_ms(self) -> int:
        """Milliseconds since 1970, UTC."""
        ...

    def now(self) -> datetime:
        """The same moment as a timezone-aware UTC datetime."""
        ...


def to_ms(moment: datetime) -> int:
    """Milliseconds since 1970 of a timezone-aware datetime."""
    return round(moment.timestamp() * 1000)


def from_ms(ms: int) -> datetime:
    """The UTC datetime of milliseconds since 1970."""
    return datetime.fromtimestamp(ms / 1000, UTC)


@dataclass(frozen=True, slots=True)
class SystemClock:
    """The wall clock."""

    def now_ms(self) -> int:
        """Milliseconds since 1970, UTC."""
        return time.time_ns() // 1_000_000

    def now(self) -> datetime:
        """The same moment as a timezone-aware UTC datetime."""
        return from_ms(self.now_ms())


@dataclass(frozen=True, slots=True)
class AcceleratedClock:
    """A clock that runs ``speed`` times as fast as the wall clock from the moment ``anchor_wall_ms`` on.

    At ``anchor_wall_ms`` (wall clock) it shows ``anchor_ms``.
    """

    anchor_wall_ms: int
    anchor_ms: int
    speed: float

    def now_ms(self) -> int:
        """Milliseconds since 1970, UTC, on the accelerated time line."""
        wall_ms = time.time_ns() / 1e6
        return self.anchor_ms + round((wall_ms - self.anchor_wall_ms) * self.speed)

    def now(self) -> datetime:
        """The same moment as a timezone-aware UTC datetime."""
        return from_ms(self.now_ms())


@dataclass(slots=True)
class ManualClock:
    """A clock that stands still until it is moved; for tests and simulation."""

    ms: int

    def now_ms(self) -> int:
        """Milliseconds since 1970, UTC."""
        return self.ms

    def now(self) -> datetime:
        """The same moment as a timezone-aware UTC datetime."""
        return from_ms(self.ms)

    def advance(self, ms: int) -> None:
        """Move the clock by ``ms`` milliseconds."""
        self.ms += ms
