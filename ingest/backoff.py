"""Backoff: how long to wait before the next try, after so many misses in a row."""

from __future__ import annotations

import random
from dataclasses import dataclass

DOUBLINGS_MAX = 30


@dataclass(frozen=True, slots=True)
class Backoff:
    """The wait doubles with each miss, from ``first_s`` up to ``longest_s``.

    Chance spreads it, so that many who wait for one thing don't come at once: between ``least`` of the ceiling and the
    ceiling. 0 is full jitter; where somebody must be left in peace for a while, it is more.
    """

    first_s: float
    longest_s: float
    least: float = 0.0

    def ceiling_s(self, misses: int) -> float:
        """The longest wait before the try that follows so many misses; ``first_s`` after none."""
        return min(self.longest_s, self.first_s * 2.0 ** min(misses, DOUBLINGS_MAX))

    def wait_s(self, misses: int, chance: random.Random) -> float:
        """How long to wait."""
        ceiling_s = self.ceiling_s(misses)
        return chance.uniform(self.least * ceiling_s, ceiling_s)
