"""Intervals of rates: how much a count of rare events may tell about their rate."""

from __future__ import annotations

import math

Z = 1.96


def rate_interval(events: int, exposure: float) -> tuple[float, float]:
    """Byar's 95 % interval of a rate of events per unit of exposure; without exposure nothing is known.

    >>> [round(edge, 2) for edge in rate_interval(10, 2.0)]
    [2.39, 9.2]
    >>> rate_interval(0, 10.0)[0]
    0.0
    """
    if exposure <= 0:
        return 0.0, math.inf
    low = 0.0 if events == 0 else events * (1 - 1 / (9 * events) - Z / (3 * math.sqrt(events))) ** 3
    above = events + 1
    high = above * (1 - 1 / (9 * above) + Z / (3 * math.sqrt(above))) ** 3
    return max(low, 0.0) / exposure, high / exposure
