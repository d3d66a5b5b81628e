"""Sent moments: when appliances handed over their newest messages, in a memory as large at the end as at the start."""

from __future__ import annotations

import numpy as np

KEPT = 500_000
"""Messages of the whole fleet whose moment is remembered; all the memory is taken at once, 20 bytes for each."""


class SentMoments:
    """The newest messages of all appliances: what was the last event time in each, and when it left."""

    def __init__(self, kept: int = KEPT) -> None:
        self._place = np.full(kept, -1, np.int32)
        self._last_ts_ms = np.full(kept, -1, np.int64)
        self._wall_ms = np.full(kept, -1, np.int64)
        self._noted = 0

    def note(self, place: int, last_ts_ms: int, wall_ms: int) -> None:
        """The appliance at ``place`` hands over a message whose last sample is of ``last_ts_ms``; the oldest is forgotten."""
        at = self._noted % len(self._place)
        self._place[at], self._last_ts_ms[at], self._wall_ms[at] = place, last_ts_ms, wall_ms
        self._noted += 1

    def wall_ms(self, place: int, ts_ms: int) -> int | None:
        """When the sample of event time ``ts_ms`` was handed over; None if it was not, or if that is forgotten."""
        own = np.flatnonzero(np.roll(self._place, -self._noted) == place)
        later = np.flatnonzero(np.roll(self._last_ts_ms, -self._noted)[own] >= ts_ms)
        if not len(later):
            return None
        at = (own[later[0]] + self._noted) % len(self._place)
        is_oldest = later[0] == 0 and self._noted > len(self._place)
        if is_oldest and self._last_ts_ms[at] != ts_ms:
            return None  # it may as well have been in a message before, which is forgotten
        return int(self._wall_ms[at])
