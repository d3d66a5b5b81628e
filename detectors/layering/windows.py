"""Windows: from how a fault has grown to the days within which it will have failed, with a stated chance; or nothing.

Idea: severity s of a standing finding is followed by a line over its last rows, newest first, weighing a row 1 - 1/12 of the
one behind it. Where the line rises beyond doubt it would reach the failure level in (1 - s) / slope days; and a fault of this
mode usually takes so long from first sign to failure as the profile says (m, the geometric middle of ``time_scale_days``).
Neither alone is good: wear grows in bursts and ends, modes differ from appliance to appliance. Together::

    ln days = a + b ln m + c ln((1 - s) / slope)            80 %: times e^LOW to times e^HIGH

a, b and c come from 60 growing faults of five simulated fleets (a log-normal time to failure, of which a share never fails,
by maximum likelihood); the ends are the 10 % and 90 % quantiles of what the 40 that failed were off by when their own
fleet had no part in a, b and c (conformal, a vote per appliance). So the chance is that of a fault which does fail; in those fleets one in five
stopped growing and never did. No window is given while growth can't be told from chance, nor below :data:`SEVERITY_MIN`.

References: Vovk, Gammerman and Shafer 2005, Algorithmic Learning in a Random World, for conformal intervals; Barber and others
2021, Predictive inference with the jackknife+, for residuals of fits without their own group; Boag 1949 for the share that never fails.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

COVERAGE = 0.8
DAY_MS = 86_400_000
SUMS = ("weight", "day", "severity", "day day", "day severity", "severity severity")
MEMORY_ROWS = 12.0
ROWS_MIN = 5
SEVERITY_MIN, SEVERITY_END = 0.2, 0.97
"""Below the first nothing is believed; from the second on severity can't be seen to grow."""
RISES_SIGMA = 6.0
"""By so many of its standard deviations the slope must differ from none; smoothed rows are like each other, so 3 would be chance."""
GOES_ON_SIGMA = 3.0
"""A window that was given is kept as it was until the slope is less sure than this."""
ROUGHNESS = 1e-4
CONSTANT, OF_MODE, OF_GROWTH = -0.21, 0.63, 0.38
LOW, HIGH = -1.2, 1.3
DAYS_MIN, DAYS_MAX = 1.0, 2000.0
WEIGHT, DAY, SEVERITY, DAY_DAY, DAY_SEVERITY, SEVERITY_SEVERITY = range(len(SUMS))

Growth = NDArray[np.float32]
"""(6,): weight, mean day and severity, and weighted sums of squares and products around these, as :data:`SUMS` names them."""


def grown(growth: Growth, day: float, severity: float) -> Growth:
    """The line with one more row.

    >>> line = np.zeros(6, np.float32)
    >>> for day in range(20):
    ...     line = grown(line, day, 0.2 + 0.02 * day)
    >>> round(float(line[DAY_SEVERITY] / line[DAY_DAY]), 3)
    0.02
    """
    weight, middle, mean, days, both, squares = growth.astype(float).tolist()
    kept = 1 - 1 / MEMORY_ROWS
    weight = kept * weight + 1
    later, more = day - middle, severity - mean
    middle, mean = middle + later / weight, mean + more / weight
    days = kept * days + later * (day - middle)
    both = kept * both + later * (severity - mean)
    squares = kept * squares + more * (severity - mean)
    return np.array([weight, middle, mean, days, both, squares], np.float32)


def slope(growth: Growth) -> tuple[float, float]:
    """How fast severity rises per day, and by how many of its standard deviations that is more than nothing."""
    weight, _, _, days, both, squares = growth.astype(float).tolist()
    if days <= 0:
        return 0.0, 0.0
    rises = both / days
    rough = max(squares - rises * both, 0.0) / max(weight - 2, 0.5) + ROUGHNESS
    return rises, rises / math.sqrt(rough / days)


def days_left(growth: Growth, severity: float, *, rows: int, usual_days: float) -> tuple[float, float] | None:
    """Within how many days from now it will have failed, at :data:`COVERAGE`; None where nothing honest can be said.

    ``rows`` have been seen since the raise; a fault of the mode usually takes ``usual_days`` from first sign to failure.
    """
    rises, surely = slope(growth)
    if rows < ROWS_MIN or not SEVERITY_MIN <= severity < SEVERITY_END or surely < RISES_SIGMA:
        return None
    middle = CONSTANT + OF_MODE * math.log(usual_days) + OF_GROWTH * math.log(days_at_rate(severity, rises))
    return math.exp(middle + LOW), math.exp(middle + HIGH)


def days_at_rate(severity: float, rises: float) -> float:
    """In how many days severity comes to the failure level at this rate a day; the most that is said where it doesn't rise.

    >>> days_at_rate(0.5, 0.05), days_at_rate(0.5, -0.1)
    (10.0, 2000.0)
    """
    return min(max((1 - severity) / rises, DAYS_MIN), DAYS_MAX) if rises > 0 else DAYS_MAX


def goes_on(growth: Growth, severity: float) -> bool:
    """Whether a window that was given still holds: growth is seen, though less surely, or can't be seen any more."""
    return severity >= SEVERITY_END or slope(growth)[1] >= GOES_ON_SIGMA


def usual_days(time_scale_days: tuple[float, float]) -> float:
    """The geometric middle of a mode's time scale.

    >>> usual_days((10.0, 1000.0))
    100.0
    """
    low, high = time_scale_days
    return math.sqrt(low * high)
