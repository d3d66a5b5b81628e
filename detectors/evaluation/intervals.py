"""Intervals: how far a share or a rate that was counted may be from the true one, at 95 %."""

from __future__ import annotations

from math import sqrt

Z = 1.959964
Interval = tuple[float, float]


def of_share(hits: int, n: int) -> Interval | None:
    """Wilson's interval of a share; None where nothing was counted.

    >>> tuple(round(end, 2) for end in of_share(9, 10))
    (0.6, 0.98)
    """
    if not n:
        return None
    share, z2 = hits / n, Z * Z
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z / (1 + z2 / n) * sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    return max(0.0, middle - half), min(1.0, middle + half)


def of_rate(count: int, years: float) -> Interval | None:
    """Byar's interval of a rate, near to the exact one of Poisson; None without any time.

    >>> tuple(round(end, 2) for end in of_rate(10, 10.0))
    (0.48, 1.84)
    """
    if years <= 0:
        return None
    low = 0.0 if not count else count * (1 - 1 / (9 * count) - Z / (3 * sqrt(count))) ** 3
    above = count + 1
    return low / years, above * (1 - 1 / (9 * above) + Z / (3 * sqrt(above))) ** 3 / years
