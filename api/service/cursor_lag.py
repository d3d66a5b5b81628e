"""How many messages a reader is behind the journal, and for how long they have waited: positions count batches, people count messages.

What this process has journalled is remembered; what is older the journal counts, and that count is kept for a while.
"""

from __future__ import annotations

import threading
import time
from bisect import bisect_right
from collections import deque
from collections.abc import Callable

REMEMBERED = 100_000
COUNT_FRESH_S = 15.0


class CursorLag:
    """Remembers how many messages each of the newest batches had."""

    def __init__(self, count: Callable[[int], int]) -> None:
        """``count``: how many messages the journal holds behind a position (:meth:`Journal.count_messages`)."""
        self._count = count
        self._counted: dict[str, tuple[float, int]] = {}
        self._lock = threading.Lock()
        self._positions: deque[int] = deque(maxlen=REMEMBERED)
        self._totals: deque[int] = deque(maxlen=REMEMBERED)
        self._at_s: deque[float] = deque(maxlen=REMEMBERED)
        self._total = 0

    def note(self, position: int, count: int) -> None:
        """A batch of ``count`` messages was journalled at ``position``."""
        with self._lock:
            self._total += count
            self._positions.append(position)
            self._totals.append(self._total)
            self._at_s.append(time.monotonic())

    def behind(self, position: int, *, tip: int, cursor: str) -> int:
        """How many messages stand behind a cursor's position; raises what the journal raises."""
        if position >= tip:
            return 0
        with self._lock:
            place = bisect_right(self._positions, position)
            if place > 0:
                return self._total - self._totals[place - 1]
        now = time.monotonic()
        counted_at, count = self._counted.get(cursor, (None, 0))
        if counted_at is None or now - counted_at > COUNT_FRESH_S:
            count = self._count(position)
            self._counted[cursor] = (now, count)
        return count

    def waited_s(self, position: int, *, tip: int) -> float | None:
        """For how long the oldest message behind a cursor's position has waited; None where it is from before what is remembered."""
        if position >= tip:
            return 0.0
        with self._lock:
            place = bisect_right(self._positions, position)
            is_remembered = place < len(self._positions) and (place > 0 or self._positions[0] == position + 1)
            return time.monotonic() - self._at_s[place] if is_remembered else None
