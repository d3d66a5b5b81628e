"""How many messages a reader is behind the journal: positions count batches, people count messages.

Exact for what this process has journalled, as far as it remembers; older batches count as the average of the remembered.
"""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections import deque

REMEMBERED = 100_000


class CursorLag:
    """Remembers how many messages each of the newest batches had."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._positions: deque[int] = deque(maxlen=REMEMBERED)
        self._totals: deque[int] = deque(maxlen=REMEMBERED)
        self._total = 0

    def note(self, position: int, count: int) -> None:
        """A batch of ``count`` messages was journalled at ``position``."""
        with self._lock:
            self._total += count
            self._positions.append(position)
            self._totals.append(self._total)

    def behind(self, position: int, *, tip: int) -> int:
        """How many messages stand behind a position."""
        if position >= tip:
            return 0
        with self._lock:
            if not self._positions:
                return tip - position
            place = bisect_right(self._positions, position)
            if place > 0:
                return self._total - self._totals[place - 1]
            average = self._total / len(self._positions)
            unknown = max(0, self._positions[0] - position - 1)
            return self._total + round(unknown * max(1.0, average))
